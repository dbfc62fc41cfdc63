import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {formatBytes, mib} from '../../../src/base/units.ts';
import {estimateMemory, NANO_SHAPE, readGgufHeader, writeSynthetic} from '../../../src/models/index.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('load-and-measure.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-memory-'));
});
afterAll(() => rm(folder, {recursive: true}));

const wide = {
  ...NANO_SHAPE,
  name: 'wide',
  hidden: 1024,
  feedForward: 3072,
  heads: 16,
  kvHeads: 8,
  headSize: 128,
};
const cases = [
  {shape: NANO_SHAPE, contextTokens: 8192, sequences: 4, kvType: 'f16', batchTokens: 512},
  {shape: {...wide, layers: 4}, contextTokens: 4096, sequences: 2, kvType: 'f16', batchTokens: 512},
  {
    shape: {...wide, layers: 4, type: 'Q8_0', vocabulary: 32_000},
    contextTokens: 1000,
    sequences: 3,
    kvType: 'q4_0',
    batchTokens: 256,
  },
  {
    shape: {...wide, layers: 8, type: 'Q4_K', vocabulary: 151_936},
    contextTokens: 4096,
    sequences: 1,
    kvType: 'q8_0',
    batchTokens: 512,
  },
] as const;

test.skipIf(process.platform !== 'linux').each(cases)(
  'predicts the peak of $shape.name ($shape.type) with $sequences x $contextTokens $kvType within 10 % or 30 MiB',
  async ({shape, ...settings}) => {
    const path = join(folder, 'model.gguf');
    await writeSynthetic(path, shape);
    const estimate = estimateMemory(await readGgufHeader(path), settings);
    const {contextTokens, sequences, kvType, batchTokens} = settings;
    const argv = [path, contextTokens, sequences, kvType.toUpperCase(), batchTokens].map(String);
    const {stdout} = await run(process.execPath, [program, ...argv]);
    const measured = Number(stdout);
    const told = `predicted ${formatBytes(estimate.totalBytes)}, measured ${formatBytes(measured)}`;
    console.log(`${shape.type} ${sequences} x ${contextTokens} ${kvType}: ${told}`);
    expect(measured).toBeGreaterThan(0);
    expect(Math.abs(estimate.totalBytes - measured), told).toBeLessThan(Math.max(mib(30), measured * 0.1));
  },
);
