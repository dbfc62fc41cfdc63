import {spansOf} from '../gateway-figures.ts';
import type {Spans} from '../sample.ts';
import type {Minute} from './rows.ts';

/** A step of the past. What nobody measured is missing. */
export interface HistoryRow {
  /** Its begin, milliseconds since the epoch. */
  atMs: number;
  totalBytes?: number;
  usedBytes?: MinMeanMax;
  freeBytes?: MinMeanMax;
  utilizationRatio?: number;
  temperatureC?: number;
  powerW?: number;
  /** The most that each tenant held and used of the cores, by its key. */
  tenants: Readonly<Record<string, {usedBytes: number; cpuRatio: number}>>;
  gateway?: {
    /** Requests being answered at once. */
    running: {mean: number; max: number};
    queuedMax: number;
    heldMax: number;
    tokensPerSecond: number;
    requests: {ok: number; clientError: number; serverError: number; cancelled: number};
    errorRatio?: number;
    ttftMs?: Spans;
    tpotMs?: Spans;
  };
}

export interface MinMeanMax {
  min: number;
  mean: number;
  max: number;
}

/** A gathered span as it is told; `keys` are the tenants' by id. Pure. */
export function historyRow(span: Minute, keys: ReadonlyMap<number, string>): HistoryRow {
  const {seen, asked} = span;
  const range = ({min, sum, max}: Minute['used']): MinMeanMax => ({
    min: min * 1024,
    mean: Math.round((sum / seen) * 1024),
    max: max * 1024,
  });
  return {
    atMs: span.at,
    ...(seen > 0 && {
      totalBytes: span.total * 1024,
      usedBytes: range(span.used),
      freeBytes: range(span.free),
      utilizationRatio: span.util.sum / seen / 1000,
      ...(span.temperatureMax !== null && {temperatureC: span.temperatureMax}),
      ...(span.power.max > 0 && {powerW: span.power.sum / seen / 10}),
    }),
    tenants: Object.fromEntries(
      [...span.tenants.values()].flatMap(({id, usedKib, cores}) => {
        const key = keys.get(id);
        return key === undefined ? [] : [[key, {usedBytes: usedKib * 1024, cpuRatio: cores / 1000}]];
      }),
    ),
    ...(asked > 0 && {gateway: gatewayOf(span)}),
  };
}

function gatewayOf(span: Minute): NonNullable<HistoryRow['gateway']> {
  const {ok, errors, faults, left, asked} = span;
  const ttftMs = spansOf(span.ttft);
  const tpotMs = spansOf(span.tpot);
  return {
    running: {mean: span.running.sum / asked, max: span.running.max},
    queuedMax: span.queuedMax,
    heldMax: span.heldMax,
    // Samples are a second apart.
    tokensPerSecond: span.tokens / span.samples,
    requests: {ok, clientError: errors, serverError: faults, cancelled: left},
    ...(ok + faults > 0 && {errorRatio: faults / (ok + faults)}),
    ...(ttftMs && {ttftMs}),
    ...(tpotMs && {tpotMs}),
  };
}
