import {expect, test} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {BerthError} from '../../../src/base/errors.ts';
import {gib} from '../../../src/base/units.ts';
import {checkWeights} from '../../../src/deploy/check-weights.ts';
import type {DeployParts} from '../../../src/deploy/parts.ts';
import type {Target} from '../../../src/deploy/resolve.ts';
import {engineFor, type EngineName} from '../../../src/engines/index.ts';
import {chooseVariant, findModel} from '../../../src/models/index.ts';

const device = (totalBytes: number) =>
  ({device: {facts: () => Promise.resolve({totalBytes})}}) as unknown as DeployParts;

function target(name: string, variant?: string, engine: EngineName = 'embedded'): Target {
  const model = findModel(name);
  return {model, variant: chooseVariant(model, variant), engine: engineFor(engine), asked: {}};
}

async function refusal(totalBytes: number, wanted: Target): Promise<BerthError> {
  const thrown = await checkWeights(device(totalBytes), wanted).catch((error: unknown) => error);
  if (!(thrown instanceof BerthError)) throw new Error('not refused');
  return thrown;
}

test('DeepSeek-V2-Chat is refused on 24 GB, with the arithmetic and what to take in its place', async () => {
  const error = await refusal(gib(24), target('deepseek-v2-chat', undefined, 'vllm'));
  expect(error).toMatchObject({
    code: 'does_not_fit',
    exit: 5,
    try: ['berth deploy --model deepseek-v2-lite-chat', 'berth models', 'berth capacity'],
    details: {availableBytes: gib(24), missingBytes: 472_000_000_000 - gib(24)},
  });
  expect(error.why?.(textsFor('en'))).toBe(
    '236 billion parameters take 54.9 GiB even at 2 bits each, and the device has 24.0 GiB.',
  );
});

test('a variant that is too large names one that is not', async () => {
  expect(await refusal(gib(4), target('qwen3-4b-instruct-2507', 'bf16', 'vllm'))).toMatchObject({
    code: 'does_not_fit',
    try: ['berth deploy --model qwen3-4b-instruct-2507 --variant Q4_K_M', 'berth models', 'berth capacity'],
  });
});

test('what an engine cannot load is said before it is downloaded', async () => {
  expect(await refusal(gib(24), target('qwen3-4b-instruct-2507', 'bf16'))).toMatchObject({
    code: 'variant_needs_engine',
    exit: 2,
    try: [
      'berth deploy --model qwen3-4b-instruct-2507 --variant Q4_K_M',
      'berth deploy --model qwen3-4b-instruct-2507 --variant bf16 --engine vllm',
    ],
  });
});

test('vLLM is told to load nothing but safetensors', async () => {
  expect(await refusal(gib(24), target('nano', undefined, 'vllm'))).toMatchObject({
    code: 'variant_needs_engine',
    try: ['berth deploy --model nano --variant F16 --engine llama-cpp'],
  });
});

test('everything else may go on to be planned', async () => {
  await checkWeights(device(gib(24)), target('qwen3-4b-instruct-2507'));
  await checkWeights(device(gib(24)), target('qwen3-4b-instruct-2507', 'bf16', 'vllm'));
  await checkWeights(device(gib(1)), target('nano'));
});
