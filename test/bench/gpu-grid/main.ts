/**
 * `npm run measure -- gpu-grid`: writes a full-size Qwen3-4B of constructed weights, asks the estimate before it is
 * loaded, loads it with node-llama-cpp on CUDA, and writes docs/measurements/memory-CARD.{md,json}. Exits 1 when a goal
 * is missed, or when the machine lacks what it takes.
 */
import {mkdtemp, rm, statfs} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {systemClock} from '../../../src/base/clock.ts';
import {bytes, formatBytes, mib} from '../../../src/base/units.ts';
import {berthVersion} from '../../../src/base/version.ts';
import {examineCards, localRun, openNvidiaDevice, type Device} from '../../../src/card/index.ts';
import {engineFor} from '../../../src/engines/index.ts';
import {measureEngine} from '../../support/engine-peak.ts';
import {writePage} from '../write-page.ts';
import {GPU_GRID} from './grid.ts';
import {measureGrid, onCard} from './measure.ts';
import {CUDA_PACKAGE, lacksOf, NEEDS, type Found} from './needs.ts';
import {gpuPage, measuredBytes, verdictOf, type GpuReport} from './page.ts';

const DOCS = join(import.meta.dirname, '../../../docs/measurements');

async function lookAround(device: Device): Promise<Found> {
  const seen = await examineCards(localRun());
  const {bavail, bsize} = await statfs(tmpdir());
  return {
    platform: `${process.platform}-${process.arch}`,
    card: seen.state === 'cards' ? {freeBytes: (await device.read()).freeBytes} : {fault: seen.fault},
    cudaBuild: isInstalled(CUDA_PACKAGE),
    folder: tmpdir(),
    diskFreeBytes: bytes(bavail * bsize),
  };
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    // Not to be resolved is the answer.
    return false;
  }
}

async function main(signal: AbortSignal): Promise<boolean> {
  const device = openNvidiaDevice({run: localRun(), clock: systemClock});
  const lacks = lacksOf(await lookAround(device));
  if (lacks.length > 0) {
    console.error([NEEDS, ...lacks].join('\n'));
    return false;
  }
  const {name, totalBytes, driver = 'unknown', cudaCeiling = 'unknown'} = await device.facts();
  const folder = await mkdtemp(join(tmpdir(), 'berth-gpu-grid-'));
  try {
    const rows = await measureGrid({
      grid: GPU_GRID,
      folder,
      measure: onCard({device, clock: systemClock, engine: measureEngine}, signal),
      tell: (row) => {
        const off = Math.round((row.predictedBytes - measuredBytes(row)) / mib(1));
        console.error(
          `${row.model} ${row.sequences} x ${row.contextTokens} ${row.kvType} ${row.batchTokens}: off by ${off} MiB`,
        );
      },
    });
    const report: GpuReport = {
      schema: 'berth.measure.gpu-grid/1',
      at: new Date().toISOString(),
      card: `${name}, ${formatBytes(totalBytes)}, driver ${driver}, CUDA up to ${cudaCeiling}`,
      software: `Berth ${berthVersion()}, ${engineFor('embedded').version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
      rows,
    };
    const file = `memory-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
    await writePage(join(DOCS, `${file}.json`), JSON.stringify(report));
    await writePage(join(DOCS, `${file}.md`), gpuPage(report, `${file}.json`));
    const verdict = verdictOf(report);
    console.log(JSON.stringify(verdict, undefined, 2));
    return verdict.met;
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
process.exitCode = (await main(interrupted.signal)) ? 0 : 1;
