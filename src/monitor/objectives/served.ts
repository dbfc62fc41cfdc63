import {Sketch} from '../../base/sketch.ts';
import type {GatewayWindow, Probed} from '../../hosts/index.ts';
import type {Served} from './judge.ts';
import type {Count} from './tally.ts';

/** What was asked in one span of time, as a window and a minute of the store both tell it. */
export interface Asked {
  ok: number;
  serverError: number;
  /** Milliseconds. */
  ttft: Sketch;
  tpot: Sketch;
}

/** What a probe of the watch met: one request, with its tokens. */
export interface ProbeResult {
  atMs: number;
  ok: boolean;
  ttftMs?: number;
  tpotMs?: number;
  /** Tokens after the first, each `tpotMs` after the one before. */
  more: number;
}

export const servedInWindow = (atMs: number, {requests, ttft, tpot}: GatewayWindow): Served =>
  servedOf(atMs, {...requests, ttft: Sketch.of(ttft), tpot: Sketch.of(tpot)});

export const servedOf = (atMs: number, {ok, serverError, ttft, tpot}: Asked): Served => ({
  atMs,
  requests: {good: ok, bad: serverError},
  within(objective, limitMs) {
    const sketch = objective === 'ttft' ? ttft : tpot;
    const good = sketch.countUpTo(limitMs);
    return {good, bad: sketch.count - good};
  },
});

/** A probe without an answer has missed its first token as well: nobody else may be there to miss one. */
export const servedByProbe = ({atMs, ok, ttftMs, tpotMs, more}: ProbeResult): Served => ({
  atMs,
  requests: ok ? {good: 1, bad: 0} : {good: 0, bad: 1},
  within(objective, limitMs): Count {
    if (objective === 'tpot') return tpotMs === undefined ? NONE : judged(tpotMs <= limitMs, more);
    if (!ok) return judged(false, 1);
    return ttftMs === undefined ? NONE : judged(ttftMs <= limitMs, 1);
  },
});

const NONE: Count = {good: 0, bad: 0};
const judged = (isGood: boolean, count: number): Count =>
  isGood ? {good: count, bad: 0} : {good: 0, bad: count};

/** Undefined of one that was skipped. */
export function probeResult(atMs: number, probed: Probed): ProbeResult | undefined {
  switch (probed.outcome) {
    case 'ok': {
      const {outcome: _, tokens, ...spans} = probed;
      return {atMs, ok: true, ...spans, more: Math.max(0, tokens - 1)};
    }
    case 'failed':
      return {atMs, ok: false, more: 0};
    case 'skipped':
      return undefined;
  }
}
