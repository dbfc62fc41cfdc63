/** The measured grid as people and programs read it. Pure. */
import type {Bytes} from '../../../src/base/units.ts';
import type {Buffers, MemorySettings} from '../../support/engine-peak.ts';
import {FEWEST_SETTINGS, inMib, mean, round, signed, titleOf, whole, withinGoal} from './figures.ts';

export interface MemoryRow extends MemorySettings {
  model: string;
  fileBytes: Bytes;
  predictedBytes: Bytes;
  /** Peak of resident memory, as the kernel counts it (VmHWM). */
  measuredBytes: Bytes;
  terms: {name: string; totalBytes: Bytes}[];
  /** Weights, cache and scratch space, as reserved. */
  predictedBuffersBytes: Bytes;
  /** The same, as llama.cpp itself says. */
  measuredBuffersBytes: Bytes;
  buffers: Buffers;
  rivalBytes?: Bytes;
  rivalBuffersBytes?: Bytes;
  warmUpTokens: number;
  readyMs: number;
}

export interface MemoryReport {
  schema: 'berth.measure.memory/1';
  at: string;
  hardware: string;
  software: string;
  /** Of the last five minutes: what else the machine did. */
  loadAverage: number;
  rows: MemoryRow[];
}

export interface Verdict {
  met: boolean;
  settings: number;
  /** Settings whose error is beyond 150 MiB or 3 %, or under by more than 50 MiB. */
  missed: string[];
  meanErrorMiB: number;
  worstErrorMiB: number;
  worstUnderMiB: number;
  meanBuffersErrorMiB: number;
  rivalMeanErrorMiB?: number;
  rivalMeanBuffersErrorMiB?: number;
}

export function verdictOf({rows}: Pick<MemoryReport, 'rows'>): Verdict {
  const errors = rows.map((row) => inMib(row.predictedBytes - row.measuredBytes));
  const buffers = rows.map((row) => inMib(row.predictedBuffersBytes - row.measuredBuffersBytes));
  const rivals = rows.flatMap((row) =>
    row.rivalBytes === undefined ? [] : [inMib(row.rivalBytes - row.measuredBytes)],
  );
  const rivalBuffers = rows.flatMap((row) =>
    row.rivalBuffersBytes === undefined ? [] : [inMib(row.rivalBuffersBytes - row.measuredBuffersBytes)],
  );
  const of = (values: readonly number[]): number => round(mean(values.map(Math.abs)));
  const missed = rows.filter((row) => !withinGoal(row)).map(titleOf);
  const better = rivals.length === 0 || of(errors) < of(rivals);
  return {
    met: missed.length === 0 && better && rows.length >= FEWEST_SETTINGS,
    settings: rows.length,
    missed,
    meanErrorMiB: of(errors),
    worstErrorMiB: round(Math.max(...errors.map(Math.abs))),
    worstUnderMiB: round(Math.max(0, ...errors.map((error) => -1 * error))),
    meanBuffersErrorMiB: of(buffers),
    ...(rivals.length > 0 && {rivalMeanErrorMiB: of(rivals), rivalMeanBuffersErrorMiB: of(rivalBuffers)}),
  };
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export function memoryPage(report: MemoryReport): string {
  const verdict = verdictOf(report);
  const rows = report.rows.map((row) => [
    row.model,
    `${row.sequences} x ${row.contextTokens}`,
    row.kvType,
    String(row.batchTokens),
    whole(row.predictedBytes),
    whole(row.measuredBytes),
    signed(row.predictedBytes - row.measuredBytes),
    row.rivalBytes === undefined ? '-' : signed(row.rivalBytes - row.measuredBytes),
    whole(row.predictedBuffersBytes),
    whole(row.measuredBuffersBytes),
    signed(row.predictedBuffersBytes - row.measuredBuffersBytes),
    row.rivalBuffersBytes === undefined ? '-' : signed(row.rivalBuffersBytes - row.measuredBuffersBytes),
  ]);
  const head = ['model', 'context', 'KV', 'batch', 'predicted', 'measured', 'off', 'gguf-parser-go'];
  const buffersHead = ['buffers predicted', 'reported', 'off', 'gguf-parser-go'];
  const rival = (value: number | undefined): string => (value === undefined ? 'not run' : `${value} MiB`);
  return [
    '# Memory on the CPU: predicted and measured',
    '',
    'Written by `npm run measure -- memory`; do not edit. All sizes in MiB. Raw: [memory-cpu.json](memory-cpu.json).',
    '',
    `- Date: ${report.at.slice(0, 10)}`,
    `- Hardware: ${report.hardware}; load average ${report.loadAverage.toFixed(1)} (a shared machine)`,
    `- Software: ${report.software}`,
    '- Weights: synthetic (constructed, not trained), real quantisation types, Qwen3 architecture.',
    '- `measured`: the highest resident memory (VmHWM) of the real engine process after the warm-up of the gate',
    '  (the context filled as far as 10 s allow) and an answer in every sequence at once; one run a setting.',
    '- `reported`: model, KV and compute buffers as llama.cpp logs them, reserved whether touched or not.',
    '- gguf-parser-go v0.28.1 on the same file and settings, without mmap, with its own default of 150 MiB for the',
    "  process. Its figure is for llama.cpp's own programs; here the process is Node's, whose part Berth has measured",
    '  and gguf-parser-go cannot know. The buffers leave that out and compare like with like.',
    '',
    line(['', 'goal', `over ${verdict.settings} settings`]),
    line(['---', '---', '---']),
    line(['mean error', "smaller than gguf-parser-go's", `${verdict.meanErrorMiB} MiB`]),
    line(['mean error of gguf-parser-go', '-', rival(verdict.rivalMeanErrorMiB)]),
    line(['worst error', '150 MiB or 3 %', `${verdict.worstErrorMiB} MiB`]),
    line(['worst under-estimate', '50 MiB', `${verdict.worstUnderMiB} MiB`]),
    line(['mean error of the buffers', '-', `${verdict.meanBuffersErrorMiB} MiB`]),
    line(['the same of gguf-parser-go', '-', rival(verdict.rivalMeanBuffersErrorMiB)]),
    line(['verdict', '-', verdict.met ? 'met' : `MISSED: ${verdict.missed.join('; ')}`]),
    '',
    line([...head, ...buffersHead]),
    line([...head, ...buffersHead].map((_, index) => (index < 1 ? '---' : '---:'))),
    ...rows.map(line),
    '',
  ].join('\n');
}
