import {gib, mib} from '../../../../src/base/units.ts';
import type {CapacityReport} from '../../../../src/capacity/index.ts';
import type {Answers} from '../../../../src/monitor/index.ts';

export const MINUTE = 60_000;
export const hour = 60 * MINUTE;
export const START = Date.UTC(2026, 10, 25, 10);
export const CONTAINER = `container:${'ab'.repeat(32)}`;

type Row = Answers['history']['rows'][number];
type Event = Answers['events'][number];

/** A minute of a device of 16 GiB, with a request in it. */
export function row(
  atMs: number,
  {free = gib(8), held = {}}: {free?: number; held?: Record<string, number>} = {},
): Row {
  const used = gib(15) - free;
  return {
    atMs,
    totalBytes: gib(16),
    usedBytes: {min: used, mean: used, max: used},
    freeBytes: {min: free, mean: free, max: free},
    utilizationRatio: 0.5,
    tenants: Object.fromEntries(
      Object.entries(held).map(([key, usedBytes]) => [key, {usedBytes, cpuRatio: 0.5}]),
    ),
    gateway: {
      running: {mean: 1, max: 2},
      queuedMax: 0,
      heldMax: 0,
      tokensPerSecond: 80,
      requests: {ok: 1, clientError: 0, serverError: 0, cancelled: 0},
      ttftMs: {p50: 40, p99: 90, max: 95, count: 1},
      tpotMs: {p50: 8, p99: 12, max: 14, count: 20},
    },
  };
}

export const event = (atMs: number, kind: Event['kind'], more: Partial<Event> = {}): Event => ({
  ...{atMs, kind, text: `${kind} happened`, numbers: {}},
  ...more,
});

export const model: NonNullable<CapacityReport['model']> = {
  ...{deployment: 'default', release: 1, model: 'nano', variant: 'F16', engine: 'embedded', device: 'cpu'},
  ...{standIn: true, contextTokens: 8192, running: true, budgetBytes: mib(498), predictedPeakBytes: mib(242)},
  ...{usedBytes: mib(200), headroomBytes: mib(298)},
  programs: {usedBytes: mib(114), allowanceBytes: mib(256)},
};
