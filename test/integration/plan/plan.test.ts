import {chmod, mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {mib} from '../../../src/base/units.ts';
import {NANO_SHAPE, writeSynthetic} from '../../../src/models/index.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const DOUBLE = join(import.meta.dirname, '../../fakes/gpu/nvidia-smi');

interface Planned {
  plan: {neededBytes: number; budgetBytes: number; contextTokens: number; sequences: number};
  device: {from: string; kind: string; host?: string};
  room: {freeBytes: number; presentBytes: number};
  tenants: {kind: string; usedBytes: number}[];
  errorSoFar: {device: string; releases: number; meanBytes: number; worstBytes: number} | null;
}

describe('berth plan, as it is typed', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await openBerth();
  });
  afterAll(() => berth[Symbol.asyncDispose]());

  it('prints claims beside predictions for a card that is not there, in both languages', async () => {
    const english = await berth.run('plan', 'qwen3-4b', '--card', '4090d');
    expect(english).toMatchObject({code: 0, stderr: ''});
    expect(english.stdout).toMatch(/^Model +qwen3-4b-instruct-2507\n/);
    expect(english.stdout).toMatch(/question 50 -> 100 +1\.20 s +0\.5\d s .* 14\.8 GB +5\.8 GB/);
    expect(english.stdout).toContain('not measured');
    const chinese = await berth.run('plan', 'qwen3-4b', '--card', '4090d', '--lang', 'zh-CN');
    expect(chinese.stdout).toMatch(/^模型 +qwen3-4b-instruct-2507\n/);
    expect(chinese.stdout).toContain('并非实测');
  });

  it.each([
    [['deepseek-v2-chat', '--card', '4090d'], 5, 'does_not_fit'],
    [['qwen3-4b', '--card', '4090d', '--context', '262144', '--leave', '8GiB'], 5, 'does_not_fit'],
    [['qwen3-4b', '--card', '4090d', '--budget', '2GiB'], 5, 'budget_below_weights'],
    [['qwen3-4b', '--card', '4090d', '--context', '300000'], 2, 'context_too_long'],
    [['qwen3-4b', '--card', '4090d', '--context', '0'], 2, 'usage'],
    [['qwen3-4b', '--card', '4090d', '--context=-4096'], 2, 'usage'],
    [['qwen3-4b', '--card', '4090d', '--concurrency', '1000000'], 2, 'usage'],
    [['qwen3-4b', '--card', '4090d', '--budget=-1GiB'], 2, 'usage'],
    [['qwen3-4b', '--card', '4090d', '--leave', 'much'], 2, 'usage'],
    [['qwen3-4b', '--card', '4090d', '--kv', 'q2'], 2, 'usage'],
    [['qwen3-4b', '--card', '4090d', '--engine', 'vllm', '--kv', 'q4_0'], 2, 'no_such_way'],
    [['no-such-model'], 2, 'unknown_model'],
  ])('%j ends with %d, %s', async (argv, exit, code) => {
    const result = await berth.json('plan', ...argv);
    expect(result.code).toBe(exit);
    expect(result.value.error).toMatchObject({code, exit});
    expect((result.value.error as {try: string[]}).try.length).toBeGreaterThan(0);
    expect(result.value.error).toHaveProperty('message');
  });

  it('plans a file from its header alone, with less confidence where the architecture is not known', async () => {
    const path = join(berth.home, 'model.gguf');
    await writeSynthetic(path, {...NANO_SHAPE, name: 'mine', layers: 2});
    const known = await berth.json('plan', path);
    expect(known).toMatchObject({code: 0, value: {plan: {confidence: 'high', doubts: [], variant: 'file'}}});
    await writeFile(path, await renamed(path));
    const unknown = await berth.json('plan', path);
    expect(unknown).toMatchObject({code: 0, value: {plan: {confidence: 'low', doubts: ['architecture']}}});
    expect((await berth.run('plan', path)).stdout).toContain('lower confidence');
  });

  it('touches nothing, promises what the deploy then predicts, and counts its own error', async () => {
    const before = (await berth.json('plan', 'nano')).value as unknown as Planned;
    expect(before).toMatchObject({device: {from: 'read', kind: 'cpu', host: 'local'}, errorSoFar: null});
    await expect(readdir(join(berth.home, '.local/state/berth/default'))).rejects.toThrow('ENOENT');

    const deployed = (await berth.json('deploy', '--model', 'nano')).value;
    expect(deployed).toMatchObject({
      outcome: 'deployed',
      predictedPeakBytes: before.plan.neededBytes,
      budgetBytes: before.plan.budgetBytes,
      settings: {contextTokens: before.plan.contextTokens, sequences: before.plan.sequences},
    });

    const after = (await berth.json('plan', 'nano')).value as unknown as Planned;
    const error = before.plan.neededBytes - Number(deployed.measuredPeakBytes);
    expect(after.errorSoFar).toEqual({
      ...{device: 'cpu', releases: 1},
      ...{meanBytes: Math.abs(error), worstBytes: error},
    });
    expect(Math.abs(error)).toBeLessThan(mib(50));
    // What the engine holds now would be given back.
    expect(after.room.presentBytes).toBeGreaterThan(mib(50));
    expect((await berth.run('plan', 'nano')).stdout).toContain("1 releases on this host's CPU");
    // What was measured in RAM says nothing of a card.
    expect(await berth.json('plan', 'qwen3-4b', '--card', '4090d')).toMatchObject({
      value: {errorSoFar: null},
    });
  });
});

/** A machine whose nvidia-smi is the double: real formats, no card. */
describe.skipIf(process.platform === 'win32')('beside the tenants of a card', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let berth: Berth;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const bin = join(folder.path, 'bin');
    await mkdir(bin);
    const program = `#!/bin/sh\nGPU_DOUBLE_DIR='${folder.path}' exec '${DOUBLE}' "$@"\n`;
    await writeFile(join(bin, 'nvidia-smi'), program);
    await chmod(join(bin, 'nvidia-smi'), 0o755);
    await writeFile(join(folder.path, 'state'), `process=${process.pid},12000,/usr/bin/python3\n`);
    berth = await openBerth({PATH: `${bin}:${process.env.PATH ?? ''}`});
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('plans within what they leave, and knows the card by its name', async () => {
    const {code, value} = await berth.json('plan', 'qwen3-4b', '--card', '0');
    expect(code).toBe(0);
    expect(value).toMatchObject({
      device: {from: 'read', kind: 'gpu', card: '4090d', usedBytes: mib(12_000)},
      plan: {engine: 'llama-cpp', variant: 'Q4_K_M', kvType: 'q8_0', fits: true},
    });
    expect((value as unknown as Planned).tenants).toContainEqual(
      expect.objectContaining({kind: 'outsider', usedBytes: mib(12_000)}),
    );
    expect((value as unknown as Planned).room.freeBytes).toBeLessThan(mib(12_600));
    const long = await berth.json('plan', 'qwen3-4b', '--card', '0', '--context', '262144');
    expect(long).toMatchObject({code: 5, value: {error: {code: 'does_not_fit'}}});
    expect((long.value.error as {try: string[]}).try).toContain('berth capacity');
  });

  it('names the cards there are when another is asked for', async () => {
    const {value} = await berth.json('plan', 'qwen3-4b', '--card', 'gtx-9999');
    expect((value.error as {code: string}).code).toBe('card_not_this_card');
  });
});

/** The same file with another architecture's name of the same length. */
async function renamed(path: string): Promise<Buffer> {
  return Buffer.from((await readFile(path)).toString('latin1').replaceAll('qwen3', 'zwen9'), 'latin1');
}
