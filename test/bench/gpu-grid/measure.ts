/** Takes the grid's measurements: predicts, loads, and asks the driver. */
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '../../../src/base/clock.ts';
import {bytes, mib, ms, seconds} from '../../../src/base/units.ts';
import type {Device} from '../../../src/card/index.ts';
import {untilQuiet} from '../../../src/deploy/start/quiet.ts';
import {
  estimateLlamaCpp,
  readGgufHeader,
  shapeOfGguf,
  weightsOfGguf,
  writeSynthetic,
} from '../../../src/models/index.ts';
import type {measureEngine, MemorySettings} from '../../support/engine-peak.ts';
import type {GridModel} from '../memory/grid.ts';
import type {GpuRow, OnCard} from './page.ts';

/** Loads the file at these settings, fills it, and tells what that took of the card. */
export type MeasureOnCard = (path: string, settings: MemorySettings) => Promise<OnCard>;

export interface GridOptions {
  grid: readonly GridModel[];
  /** Where one model at a time is written. */
  folder: string;
  measure: MeasureOnCard;
  /** Told of each row as soon as it is there. */
  tell: (row: GpuRow) => void;
}

export async function measureGrid({grid, folder, measure, tell}: GridOptions): Promise<GpuRow[]> {
  const rows: GpuRow[] = [];
  for (const {name, shape, settings} of grid) {
    const path = join(folder, 'model.gguf');
    await writeSynthetic(path, shape);
    const header = await readGgufHeader(path);
    for (const each of settings) {
      // Before it is loaded, or it would be no prediction.
      const estimate = estimateLlamaCpp(shapeOfGguf(header), weightsOfGguf(header), each, 'cuda');
      const row: GpuRow = {
        ...{model: name, fileBytes: header.fileBytes, ...each},
        predictedBytes: estimate.totalBytes,
        terms: estimate.terms.map(({name: of, totalBytes}) => ({name: of, totalBytes})),
        ...(await measure(path, each)),
      };
      rows.push(row);
      tell(row);
    }
    await rm(path);
  }
  return rows;
}

/** Memory that an engine before gave back, or a desktop takes, must have come to rest. */
const STILL = {window: seconds(1), tolerance: mib(8), every: ms(200), deadline: seconds(60)};

export interface CardParts {
  device: Pick<Device, 'read'>;
  clock: Clock;
  engine: typeof measureEngine;
}

/** With the real engine, and the driver's own numbers. */
export const onCard =
  (parts: CardParts, signal: AbortSignal): MeasureOnCard =>
  async (path, settings) => {
    await untilQuiet(parts, signal, STILL);
    const before = await parts.device.read();
    let found: Pick<OnCard, 'processBytes' | 'differenceBytes'> | undefined;
    const {cardBuffers, readyMs, warmUp} = await parts.engine(path, settings, signal, {
      ...{gpu: 'auto', limit: seconds(10)},
      whenFilled: async (pid) => {
        const now = await parts.device.read();
        const mine = now.processes.find((process) => process.pid === pid);
        found = {
          differenceBytes: bytes(now.usedBytes - before.usedBytes),
          ...(mine && {processBytes: mine.usedBytes}),
        };
      },
    });
    if (!found) throw new Error('the engine was never read');
    if (cardBuffers.model === 0) {
      throw new Error(
        'node-llama-cpp has put nothing on the card: does this driver run its CUDA? Try: npm start -- doctor',
      );
    }
    return {...found, buffers: cardBuffers, readyMs: Math.round(readyMs), warmUpTokens: warmUp.promptTokens};
  };
