/**
 * The logic of `npm run measure -- gpu-grid`. Cards and engines here are doubles, and what they say is no measurement:
 * nothing of it is kept.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmod, mkdir, readdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import type {Reading} from '../../../src/card/index.ts';
import {estimateLlamaCpp, KNOWN_SHAPES, NANO_SHAPE} from '../../../src/models/index.ts';
import {CARD_BYTES, DISK_BYTES, GPU_GRID} from '../../bench/gpu-grid/grid.ts';
import {measureGrid, onCard, type CardParts} from '../../bench/gpu-grid/measure.ts';
import {lacksOf, type Found} from '../../bench/gpu-grid/needs.ts';
import {gpuPage, verdictOf, type GpuReport, type GpuRow} from '../../bench/gpu-grid/page.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const MAIN = join(import.meta.dirname, '../../bench/gpu-grid/main.ts');
const DOUBLE = join(import.meta.dirname, '../../fakes/gpu/nvidia-smi');

describe('the grid', () => {
  it("is all of Qwen3-4B's shape in two types, at 24 settings or more that fit the memory it asks for", () => {
    const shape = KNOWN_SHAPES['qwen3-4b-instruct-2507'];
    const settings = GPU_GRID.flatMap((model) => model.settings);
    expect(settings.length).toBeGreaterThanOrEqual(24);
    expect(GPU_GRID.map((model) => model.shape.type)).toEqual(['Q4_K', 'Q8_0']);
    expect(new Set(settings.map(({kvType}) => kvType))).toEqual(new Set(['f16', 'q8_0', 'q4_0']));
    for (const {shape: constructed} of GPU_GRID) {
      const {layers, hidden, feedForward, heads, kvHeads, headSize, vocabulary} = constructed;
      expect({layers, hidden, feedForward, heads, kvHeads, headSize, vocabulary}).toEqual({
        ...{layers: shape.layers, hidden: shape.hidden, feedForward: shape.feedForward, heads: shape.heads},
        ...{kvHeads: shape.kvHeads, headSize: shape.keyLength, vocabulary: shape.vocabulary},
      });
    }
    // 8 bits and a scale for each 32: the larger of the two files.
    const tensorBytes = bytes((shape.parameters * 34) / 32);
    const none = {embeddingBytes: bytes(0), repackedBytes: bytes(0), source: 'as if it lay here'};
    const largest = settings.map(
      (each) => estimateLlamaCpp(shape, {tensorBytes, ...none}, each, 'cuda').totalBytes,
    );
    expect(Math.max(...largest)).toBeLessThan(CARD_BYTES);
    expect(tensorBytes).toBeLessThan(DISK_BYTES);
  });
});

describe('what it needs', () => {
  const found: Found = {
    ...{platform: 'linux-x64', card: {freeBytes: gib(23)}, cudaBuild: true},
    ...{folder: '/tmp', diskFreeBytes: gib(40)},
  };

  it('is there, or is said', () => {
    expect(lacksOf(found)).toEqual([]);
    expect(lacksOf({...found, card: {freeBytes: gib(9)}, diskFreeBytes: gib(2)})).toEqual([
      '9.0 GiB of the card are free.',
      '2.0 GiB are free in /tmp.',
    ]);
    expect(
      lacksOf({...found, platform: 'darwin-arm64', card: {fault: undefined}, cudaBuild: false}),
    ).toHaveLength(3);
  });

  it.skipIf(process.platform === 'win32')('is said by the command, which then ends with 1', async () => {
    await using folder = await temporaryFolder();
    const bare = await measure(folder.path, folder.path);
    expect(bare).toMatchObject({code: 1, stdout: ''});
    expect(bare.stderr).toMatch(/^This measurement needs an NVIDIA card with 16\.0 GiB free, its driver/);
    expect(bare.stderr).toContain('There is no nvidia-smi on this machine.');

    const bin = join(folder.path, 'bin');
    await mkdir(bin);
    const program = `#!/bin/sh\nGPU_DOUBLE_DIR='${folder.path}' exec '${DOUBLE}' "$@"\n`;
    await writeFile(join(bin, 'nvidia-smi'), program);
    await chmod(join(bin, 'nvidia-smi'), 0o755);
    await writeFile(join(folder.path, 'state'), 'other_mib=20000\n');
    const full = await measure(folder.path, `${bin}:/usr/bin:/bin`);
    expect(full.code).toBe(1);
    expect(full.stderr).toContain('4.0 GiB of the card are free.');
  });
});

describe('a measurement, on doubles of a card and an engine', () => {
  const small = {...NANO_SHAPE, name: 'small', type: 'Q8_0'} as const;
  const settings = {contextTokens: 4096, sequences: 1, kvType: 'f16', batchTokens: 512} as const;
  const buffers = {model: mib(6), KV: mib(4), compute: mib(10), output: mib(0)};
  const never = new AbortController().signal;

  /** A card that holds `before`, and `after` while the engine's process (PID 77) is filled. */
  function card({before, after, told}: {before: number; after: number; told?: number}): CardParts {
    let filled = false;
    const read = (): Promise<Reading> => {
      const usedBytes = mib(filled ? after : before);
      const mine = {pid: 77, name: 'node', usedBytes: mib(told ?? 0), uses: 'compute'};
      return Promise.resolve({
        ...{at: new Date(), totalBytes: gib(24), usedBytes, freeBytes: bytes(gib(24) - usedBytes)},
        ...{reservedBytes: bytes(0), processes: filled && told !== undefined ? [mine] : []},
      } as unknown as Reading);
    };
    const engine: CardParts['engine'] = async (_path, _settings, _signal, options) => {
      filled = true;
      await options?.whenFilled?.(77);
      filled = false;
      const warmUp = {promptTokens: 4000, limitedBy: 'context'} as never;
      return {peakBytes: mib(200), buffers, cardBuffers: buffers, readyMs: 12.4, warmUp};
    };
    let now = 0;
    const clock = {
      ...systemClock,
      elapsed: () => now as never,
      sleep: (span: number) => Promise.resolve(void (now += span)),
    };
    return {device: {read}, clock, engine};
  }
  const grid = (parts: CardParts) =>
    temporaryFolder().then(async (folder) => {
      const rows = await measureGrid({
        grid: [{name: 'small Q8_0', shape: small, settings: [settings]}],
        folder: folder.path,
        measure: onCard(parts, never),
        tell: () => undefined,
      });
      // One model at a time, and none is left.
      expect(await readdir(folder.path)).toEqual([]);
      await folder[Symbol.asyncDispose]();
      return rows;
    });

  it('takes what the driver counts for the process, and what the whole card holds more than before', async () => {
    const [row] = await grid(card({before: 300, after: 900, told: 580}));
    expect(row).toMatchObject({
      ...{model: 'small Q8_0', ...settings, processBytes: mib(580), differenceBytes: mib(600), buffers},
      ...{readyMs: 12, warmUpTokens: 4000},
    });
    expect(row?.predictedBytes).toBeGreaterThan(mib(410));
    expect((await grid(card({before: 300, after: 900})))[0]).not.toHaveProperty('processBytes');
  });

  it('does not take a CPU for a card', async () => {
    const parts = card({before: 300, after: 300});
    const none = {model: bytes(0), KV: bytes(0), compute: bytes(0), output: bytes(0)};
    const engine: CardParts['engine'] = async (...argv) => ({
      ...(await parts.engine(...argv)),
      cardBuffers: none,
    });
    await expect(grid({...parts, engine})).rejects.toThrow('nothing on the card');
  });

  it('is held against the goals, by the process where the driver tells it, and shown as a table', () => {
    const rows = (offMiB: readonly number[]): GpuRow[] =>
      offMiB.map((off, index) => ({
        ...{model: 'small Q8_0', fileBytes: mib(7), ...settings, contextTokens: 1024 * (index + 1)},
        ...{predictedBytes: mib(1000 + off), processBytes: mib(1000), differenceBytes: mib(1300)},
        terms: [
          {name: 'weights', totalBytes: mib(600 + off)},
          {name: 'runtime', totalBytes: mib(400)},
        ],
        ...{buffers: {...buffers, model: mib(586)}, readyMs: 1, warmUpTokens: 1},
      }));
    const even = Array.from({length: 24}, (_, index) => index * 5);
    expect(verdictOf({rows: rows(even)})).toMatchObject({
      ...{met: true, settings: 24, missed: [], worstErrorMiB: 115, worstUnderMiB: 0},
      besideBuffersMiB: {least: 400, mean: 400, most: 400},
    });
    expect(verdictOf({rows: rows(even.slice(1))})).toMatchObject({met: false, missed: []});
    // Too little by more than 50 MiB, and off by more than 150.
    const bad = verdictOf({rows: rows([...even, -51, 151])});
    expect(bad).toMatchObject({met: false, worstUnderMiB: 51});
    expect(bad.missed).toEqual([
      'small Q8_0, 1 x 25600 f16 batch 512',
      'small Q8_0, 1 x 26624 f16 batch 512',
    ]);
    const report: GpuReport = {
      ...{schema: 'berth.measure.gpu-grid/1', at: '2026-01-01T00:00:00Z'},
      ...{card: 'a double, 24 GiB', software: 'Berth', rows: rows([0, -51])},
    };
    const page = gpuPage(report, 'memory-a-double.json');
    expect(page).toContain('- Card: a double, 24 GiB');
    expect(page).toContain('MISSED: small Q8_0, 1 x 2048 f16 batch 512');
    expect(page).toContain(
      '| small Q8_0 | 1 x 2048 | f16 | 512 | 949 | 1000 | 1300 | -51 | 549 | 600 | -51 | 400 |',
    );
  });
});

async function measure(
  home: string,
  path: string,
): Promise<{code: number | null; stdout: string; stderr: string}> {
  const child = spawn(process.execPath, [MAIN], {
    env: {PATH: path, HOME: home},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return {code, stdout, stderr};
}
