import {describe, expect, it} from 'vitest';
import {bytes} from '../../../src/base/units.ts';
import {findCard} from '../../../src/card/index.ts';
import {chooseWay} from '../../../src/deploy/choose-way.ts';
import {offersOf} from '../../../src/deploy/planning/offers.ts';
import {chooseOffer, profileDefaults, profileSchema} from '../../../src/deploy/planning/profiles.ts';
import {estimatorFor} from '../../../src/deploy/estimator.ts';
import {CATALOGUE, findModel, findPlannable, KNOWN_SHAPES} from '../../../src/models/index.ts';

const card = {runtime: 'docker', device: 'gpu'} as const;
const qwen = findModel('qwen3-4b-instruct-2507');
const told = (way: ReturnType<typeof chooseWay>) => ({...way, variant: way.variant.name});

describe('on a card in a container', () => {
  it.each([
    [
      'headroom',
      {engine: 'llama-cpp', variant: 'Q4_K_M', kvType: 'q8_0', contextTokens: 32_768, sequences: 1},
    ],
    // Made while it loads the published bf16: others measured it far faster than the published FP8.
    [
      'throughput',
      {
        engine: 'vllm',
        variant: 'bf16',
        quantization: 'fp8',
        kvType: 'q8_0',
        contextTokens: 32_768,
        sequences: 4,
      },
    ],
    ['quality', {engine: 'vllm', variant: 'bf16', kvType: 'f16', contextTokens: 32_768, sequences: 1}],
  ] as const)('profile %s', (profile, expected) =>
    expect(told(chooseWay(qwen, {profile}, card))).toEqual({quantization: undefined, ...expected}),
  );

  it('keeps to what was asked for', () => {
    const profile = 'throughput';
    expect(told(chooseWay(qwen, {profile, variant: 'fp8'}, card))).toMatchObject({
      ...{engine: 'vllm', variant: 'FP8', quantization: undefined},
    });
    // A 16-bit cache, and weights with which it is as fast as can be.
    expect(told(chooseWay(qwen, {profile, kv: 'f16'}, card))).toMatchObject({
      ...{variant: 'AWQ-4bit', kvType: 'f16'},
    });
    expect(
      told(chooseWay(qwen, {profile, engine: 'llama-cpp', context: 4096, concurrency: 2}, card)),
    ).toMatchObject({engine: 'llama-cpp', variant: 'Q4_K_M', contextTokens: 4096, sequences: 2});
    expect(told(chooseWay(qwen, {profile: 'headroom', engine: 'vllm'}, card))).toMatchObject({
      ...{engine: 'vllm', variant: 'bf16', kvType: 'f16'},
    });
    expect(() => chooseWay(qwen, {profile, variant: 'Q9'}, card)).toThrow('Q9');
  });

  it('takes what there is of a model that has no such variant', () => {
    expect(told(chooseWay(findModel('nano'), {profile: 'quality'}, card))).toMatchObject({
      ...{engine: 'llama-cpp', variant: 'F16', kvType: 'f16', contextTokens: 32_768},
    });
    expect(chooseWay(findModel('llama-3-8b-instruct'), {profile: 'headroom'}, card).contextTokens).toBe(8192);
  });

  /** vLLM's names for the cache are its own. */
  const KV: Record<string, string> = {bf16: 'f16', fp8: 'q8_0'};
  const cases = CATALOGUE.flatMap(({id}) =>
    findPlannable(id) && id !== 'deepseek-v2-chat'
      ? profileSchema.options.map((profile) => [id, profile] as const)
      : [],
  );
  it.each(cases)('%s, %s: deploys what berth plan plans, in the same bytes', (id, profile) => {
    const model = findPlannable(id);
    if (!model || !findCard('4090d')) throw new Error('known');
    const offer = chooseOffer(offersOf(model, {kind: 'gpu'}), {}, profile, 'gpu');
    const way = chooseWay(findModel(id), {profile}, card);
    expect(way).toMatchObject({
      engine: offer?.engine,
      kvType: KV[offer?.kvType ?? ''] ?? offer?.kvType,
      ...profileDefaults(profile, 'gpu', model.maxContextTokens),
    });
    expect(way.quantization ?? way.variant.name).toBe(offer?.variant);
  });

  it('predicts weights that are quantised at load as the plan does', () => {
    const shape = KNOWN_SHAPES['qwen3-4b-instruct-2507'];
    const measured = {shape: {...shape, parameters: undefined}, storedBytes: shape.parameters * 2};
    const plan = findPlannable('qwen3-4b');
    const offer = plan && chooseOffer(offersOf(plan, {kind: 'gpu'}), {}, 'throughput', 'gpu');
    const settings = {
      contextTokens: 32_768,
      sequences: 4,
      kvType: 'q8_0',
      batchTokens: 2048,
      queue: 64,
    } as const;
    const {parameters: _unknown, ...known} = measured.shape;
    const {estimate} = estimatorFor('vllm', 'gpu', {shape: known, storedBytes: bytes(measured.storedBytes)});
    expect(estimate({...settings, quantization: 'fp8'}).totalBytes).toBe(
      offer?.estimate(32_768, 4).totalBytes,
    );
  });
});

it.each([
  ['process', 'cpu', undefined, 'embedded'],
  ['process', 'gpu', undefined, 'embedded'],
  ['docker', 'cpu', undefined, 'embedded'],
  ['process', 'cpu', 'llama-cpp', 'llama-cpp'],
  ['docker', 'gpu', 'embedded', 'embedded'],
] as const)(
  'runtime %s, device %s, asked for %s: %s, and the plan looks for what fits',
  (runtime, device, engine, chosen) =>
    expect(told(chooseWay(qwen, {profile: 'quality', ...(engine && {engine})}, {runtime, device}))).toEqual({
      ...{engine: chosen, variant: 'Q4_K_M'},
      ...{contextTokens: undefined, sequences: undefined, kvType: undefined, quantization: undefined},
    }),
);
