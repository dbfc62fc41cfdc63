/** The measured grid as people and programs read it. Pure. */
import {bytes, type Bytes} from '../../../src/base/units.ts';
import type {Buffers, MemorySettings} from '../../support/engine-peak.ts';
import {FEWEST_SETTINGS, inMib, mean, round, signed, titleOf, whole, withinGoal} from '../memory/figures.ts';

/** What a loaded and filled engine takes of a card. */
export interface OnCard {
  /** As the driver counts the engine's process; missing where it does not tell (other PID namespaces). */
  processBytes?: Bytes;
  /** What of the whole card is in use more than before. */
  differenceBytes: Bytes;
  /** On the card, as llama.cpp itself says. */
  buffers: Buffers;
  readyMs: number;
  warmUpTokens: number;
}

export interface GpuRow extends MemorySettings, OnCard {
  model: string;
  fileBytes: Bytes;
  predictedBytes: Bytes;
  terms: {name: string; totalBytes: Bytes}[];
}

export interface GpuReport {
  schema: 'berth.measure.gpu-grid/1';
  at: string;
  /** Name, memory, driver. */
  card: string;
  software: string;
  rows: GpuRow[];
}

export interface GpuVerdict {
  met: boolean;
  settings: number;
  /** Settings whose error is beyond 150 MiB or 3 %, or under by more than 50 MiB. */
  missed: string[];
  meanErrorMiB: number;
  worstErrorMiB: number;
  worstUnderMiB: number;
  /** Of what the driver counts and llama.cpp does not: CUDA's context, kernels, workspaces. Planned as one constant. */
  besideBuffersMiB: {least: number; mean: number; most: number};
}

/** The process's own where the driver tells it: others may have moved meanwhile. */
export const measuredBytes = ({processBytes, differenceBytes}: OnCard): Bytes =>
  processBytes ?? differenceBytes;

const buffersBytes = ({buffers}: OnCard): Bytes =>
  bytes(Object.values(buffers).reduce<number>((sum, each) => sum + each, 0));

const plannedBuffers = ({terms}: GpuRow): Bytes =>
  bytes(terms.reduce((sum, {name, totalBytes}) => (name === 'runtime' ? sum : sum + totalBytes), 0));

export function verdictOf({rows}: Pick<GpuReport, 'rows'>): GpuVerdict {
  const errors = rows.map((row) => inMib(row.predictedBytes - measuredBytes(row)));
  const beside = rows.map((row) => inMib(measuredBytes(row) - buffersBytes(row)));
  const missed = rows
    .filter((row) => !withinGoal({predictedBytes: row.predictedBytes, measuredBytes: measuredBytes(row)}))
    .map(titleOf);
  return {
    met: missed.length === 0 && rows.length >= FEWEST_SETTINGS,
    settings: rows.length,
    missed,
    meanErrorMiB: round(mean(errors.map(Math.abs))),
    worstErrorMiB: round(Math.max(0, ...errors.map(Math.abs))),
    worstUnderMiB: round(Math.max(0, ...errors.map((error) => -1 * error))),
    besideBuffersMiB: {
      least: round(Math.min(...beside)),
      mean: round(mean(beside)),
      most: round(Math.max(...beside)),
    },
  };
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export function gpuPage(report: GpuReport, raw: string): string {
  const verdict = verdictOf(report);
  const {least, mean: usual, most} = verdict.besideBuffersMiB;
  const rows = report.rows.map((row) => [
    row.model,
    `${row.sequences} x ${row.contextTokens}`,
    row.kvType,
    String(row.batchTokens),
    whole(row.predictedBytes),
    row.processBytes === undefined ? '-' : whole(row.processBytes),
    whole(row.differenceBytes),
    signed(row.predictedBytes - measuredBytes(row)),
    whole(plannedBuffers(row)),
    whole(buffersBytes(row)),
    signed(plannedBuffers(row) - buffersBytes(row)),
    whole(measuredBytes(row) - buffersBytes(row)),
  ]);
  const head = ['model', 'context', 'KV', 'batch', 'predicted', 'process', 'card', 'off'];
  const buffersHead = ['buffers predicted', 'reported', 'off', 'beside them'];
  const missed = verdict.missed.length > 0 ? verdict.missed.join('; ') : `only ${verdict.settings} settings`;
  return [
    '# Memory on a card: predicted and measured',
    '',
    `Written by \`npm run measure -- gpu-grid\`; do not edit. All sizes in MiB. Raw: [${raw}](${raw}).`,
    '',
    `- Date: ${report.at.slice(0, 10)}`,
    `- Card: ${report.card}`,
    `- Software: ${report.software}`,
    "- Weights: synthetic (constructed, not trained), all of Qwen3-4B's shape, real quantisation types.",
    '- `process`: what the driver counts for the engine process once the gate has warmed it up and every sequence has',
    '  answered; `card`: how much more of the whole card is in use than before. `off` is against the process, or against',
    '  the card where the driver does not tell. One run a setting.',
    '- `reported`: model, KV, compute and output buffers on the card, as llama.cpp logs them. What the driver counts',
    "  beside them is CUDA's context, kernels and workspaces.",
    '',
    line(['', 'goal', `over ${verdict.settings} settings`]),
    line(['---', '---', '---']),
    line(['mean error', '-', `${verdict.meanErrorMiB} MiB`]),
    line(['worst error', '150 MiB or 3 %', `${verdict.worstErrorMiB} MiB`]),
    line(['worst under-estimate', '50 MiB', `${verdict.worstUnderMiB} MiB`]),
    line(['beside the buffers', '410 MiB planned', `${least} to ${most} MiB, mean ${usual} MiB`]),
    line(['verdict', `at least ${FEWEST_SETTINGS} settings`, verdict.met ? 'met' : `MISSED: ${missed}`]),
    '',
    line([...head, ...buffersHead]),
    line([...head, ...buffersHead].map((_, index) => (index < 1 ? '---' : '---:'))),
    ...rows.map(line),
    '',
  ].join('\n');
}
