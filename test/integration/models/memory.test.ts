import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {formatBytes, mib, seconds} from '../../../src/base/units.ts';
import {
  computeBytes,
  estimateLlamaCpp,
  NANO_SHAPE,
  readGgufHeader,
  shapeOfGguf,
  weightsOfGguf,
  writeSynthetic,
} from '../../../src/models/index.ts';
import {measureEngine} from '../../support/engine-peak.ts';

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

/** The whole grid is `npm run measure -- memory`; these few keep it true between measurements. */
test.skipIf(process.platform !== 'linux').each(cases)(
  'predicts the peak of $shape.name ($shape.type) with $sequences x $contextTokens $kvType within 50 MiB',
  async ({shape, ...settings}) => {
    const path = join(folder, 'model.gguf');
    await writeSynthetic(path, shape);
    const header = await readGgufHeader(path);
    const told = shapeOfGguf(header);
    const estimate = estimateLlamaCpp(told, weightsOfGguf(header), settings, 'embedded-cpu');
    const measured = await measureEngine(path, settings, AbortSignal.timeout(100_000), {limit: seconds(8)});
    const said = `predicted ${formatBytes(estimate.totalBytes)}, measured ${formatBytes(measured.peakBytes)}`;
    expect(measured.peakBytes).toBeGreaterThan(mib(100));
    // Node's own heap differs by 30 MiB from run to run where the vocabulary is large.
    expect(Math.abs(estimate.totalBytes - measured.peakBytes), said).toBeLessThan(mib(50));

    const {buffers} = measured;
    const term = (name: string) => estimate.terms.find((each) => each.name === name)?.totalBytes ?? NaN;
    expect(Math.abs(term('weights') - buffers.model), 'weights').toBeLessThan(mib(1));
    expect(Math.abs(term('kv-cache') - buffers.KV), 'KV').toBeLessThan(mib(1));
    const {reserved} = computeBytes(told, settings, 'cpu');
    expect(buffers.compute).toBeGreaterThan(0);
    expect(buffers.compute - reserved, 'compute').toBeLessThan(mib(2));
    expect(reserved - buffers.compute, 'compute').toBeLessThan(mib(32));
  },
);
