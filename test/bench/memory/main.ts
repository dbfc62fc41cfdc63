/**
 * `npm run measure -- memory`: writes each model of the grid, asks the estimate (and gguf-parser-go, where Go can
 * be had) before it is loaded, loads it in the real engine, and writes docs/measurements/memory-cpu.{md,json}.
 * Exits 1 when a goal is missed.
 */
import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {cpus, loadavg, tmpdir, totalmem} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {z} from 'zod';
import {berthVersion} from '../../../src/base/version.ts';
import {bytes, mib, seconds, type Bytes} from '../../../src/base/units.ts';
import {engineFor} from '../../../src/engines/index.ts';
import {
  computeBytes,
  estimateLlamaCpp,
  readGgufHeader,
  shapeOfGguf,
  weightsOfGguf,
  writeSynthetic,
} from '../../../src/models/index.ts';
import {measureEngine, type MemorySettings} from '../../support/engine-peak.ts';
import {writePage} from '../write-page.ts';
import {GRID} from './grid.ts';
import {memoryPage, verdictOf, type MemoryReport, type MemoryRow} from './page.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const rivalSchema = z.object({
  totalBytes: z.int(),
  weightsBytes: z.int(),
  kvBytes: z.int(),
  computeBytes: z.int(),
});
type Rival = z.infer<typeof rivalSchema>;

/** Builds the program that asks gguf-parser-go; undefined, with the reason printed, where there is no Go. */
async function buildRival(folder: string): Promise<string | undefined> {
  const program = join(folder, 'gguf-parser');
  try {
    await run('go', ['build', '-o', program, '.'], {cwd: join(import.meta.dirname, 'gguf-parser')});
    return program;
  } catch (error) {
    console.error(`without gguf-parser-go: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function askRival(program: string, path: string, settings: MemorySettings): Promise<Rival> {
  const {contextTokens, sequences, kvType, batchTokens} = settings;
  const {stdout} = await run(program, [path, ...[contextTokens, sequences, kvType, batchTokens].map(String)]);
  return rivalSchema.parse(JSON.parse(stdout));
}

async function measureRow(
  name: string,
  path: string,
  settings: MemorySettings,
  rival: string | undefined,
  signal: AbortSignal,
): Promise<MemoryRow> {
  const header = await readGgufHeader(path);
  const shape = shapeOfGguf(header);
  const estimate = estimateLlamaCpp(shape, weightsOfGguf(header), settings, 'embedded-cpu');
  const term = (of: string): Bytes => estimate.terms.find((each) => each.name === of)?.totalBytes ?? bytes(0);
  const {reserved} = computeBytes(shape, settings, 'cpu');
  const rivals = rival === undefined ? undefined : await askRival(rival, path, settings);
  const {buffers, peakBytes, readyMs, warmUp} = await measureEngine(path, settings, signal, {
    limit: seconds(10),
  });
  return {
    model: name,
    fileBytes: header.fileBytes,
    ...settings,
    predictedBytes: estimate.totalBytes,
    measuredBytes: peakBytes,
    terms: estimate.terms.map((each) => ({name: each.name, totalBytes: each.totalBytes})),
    predictedBuffersBytes: bytes(term('weights') + term('kv-cache') + reserved),
    measuredBuffersBytes: bytes(buffers.model + buffers.KV + buffers.compute),
    buffers,
    ...(rivals && {
      rivalBytes: bytes(rivals.totalBytes),
      rivalBuffersBytes: bytes(rivals.weightsBytes + rivals.kvBytes + rivals.computeBytes),
    }),
    warmUpTokens: warmUp.promptTokens,
    readyMs: Math.round(readyMs),
  };
}

async function main(signal: AbortSignal): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-measure-'));
  const rows: MemoryRow[] = [];
  try {
    const rival = await buildRival(folder);
    for (const {name, shape, settings} of GRID) {
      const path = join(folder, 'model.gguf');
      await writeSynthetic(path, shape);
      for (const each of settings) {
        const row = await measureRow(name, path, each, rival, signal);
        rows.push(row);
        const off = Math.round((row.predictedBytes - row.measuredBytes) / mib(1));
        console.error(
          `${name} ${each.sequences} x ${each.contextTokens} ${each.kvType} ${each.batchTokens}: off by ${off} MiB`,
        );
      }
      await rm(path);
    }
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
  const report: MemoryReport = {
    schema: 'berth.measure.memory/1',
    at: new Date().toISOString(),
    hardware: `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB RAM, no GPU`,
    software: `Berth ${berthVersion()}, ${engineFor('embedded').version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    loadAverage: loadavg()[1] ?? 0,
    rows,
  };
  const docs = join(root, 'docs', 'measurements');
  await writePage(join(docs, 'memory-cpu.json'), JSON.stringify(report));
  await writePage(join(docs, 'memory-cpu.md'), memoryPage(report));
  const verdict = verdictOf(report);
  console.log(JSON.stringify(verdict, undefined, 2));
  return verdict.met;
}

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
process.exitCode = (await main(interrupted.signal)) ? 0 : 1;
