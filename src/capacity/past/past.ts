import type {Happened, Row} from './watched.ts';
import type {CapacityReport} from '../schema.ts';
import {adviseBudget} from './advice.ts';
import {headroomByDay} from './days.ts';
import {presenceOf, type Present} from './presence.ts';
import type {Past} from './schema.ts';
import {slowdownsOf} from './slowdowns.ts';

export interface PastInput {
  sinceMs: number;
  untilMs: number;
  /** Of each row. */
  stepMs: number;
  rows: readonly Row[];
  /** Of that time, in any order. */
  events: readonly Happened[];
  /** Who is there now, as the watch last saw them. */
  present: readonly Present[];
  /** Of the deployment now; null when nothing is deployed. */
  model: CapacityReport['model'];
  forecast: Past['forecast'];
  timeZone: string;
}

/** What the watch kept of a span of time, as one picture. Pure. */
export function pastOf(input: PastInput): Past {
  const {sinceMs, untilMs, stepMs, rows, events, present, model, forecast, timeZone} = input;
  const measured = rows.filter(({usedBytes}) => usedBytes !== undefined);
  return {
    since: iso(sinceMs),
    until: iso(untilMs),
    stepMs,
    measuredMs: measured.length * stepMs,
    timeZone,
    model: model && modelPast(model, input),
    days: headroomByDay(rows, {stepMs, timeZone}),
    tenants: presenceOf(rows, events, {stepMs, present}),
    forecast,
    requests: requestsOf(rows),
    slowdowns: slowdownsOf(events),
    events: events
      .toSorted((a, b) => b.atMs - a.atMs)
      .map(({atMs, kind, tenant, text, numbers}) => ({
        at: iso(atMs),
        kind,
        ...(tenant !== undefined && {tenant}),
        text,
        numbers,
      })),
    series: rows.map(pointOf),
  };
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

function modelPast(
  model: NonNullable<CapacityReport['model']>,
  {rows, stepMs, forecast}: PastInput,
): Past['model'] {
  const seen = rows.flatMap(({atMs, tenants}) =>
    tenants.model === undefined ? [] : [{atMs, usedBytes: tenants.model.usedBytes}],
  );
  const [first] = seen;
  const most = first && seen.reduce((high, one) => (one.usedBytes > high.usedBytes ? one : high));
  const expected = forecast.tenants.find(({key}) => key === 'model');
  const {budgetBytes, predictedPeakBytes, measuredPeakBytes = 0} = model;
  return {
    budgetBytes,
    predictedPeakBytes,
    ...(most && {maxBytes: most.usedBytes, maxAt: iso(most.atMs)}),
    advice: adviseBudget({
      model: model.model,
      budgetBytes,
      predictedPeakBytes,
      // The worst case was tried when it was deployed: that peak counts, whatever came since, and so do earlier days.
      maxBytes: most && Math.max(most.usedBytes, measuredPeakBytes, expected?.seenBytes ?? 0),
      measuredMs: seen.length * stepMs,
      requests: requestsOf(rows).ok,
    }),
  };
}

function requestsOf(rows: readonly Row[]): Past['requests'] {
  const sum = {ok: 0, clientError: 0, serverError: 0, cancelled: 0, maxQueued: 0, maxTokensPerSecond: 0};
  for (const {gateway} of rows) {
    if (!gateway) continue;
    for (const outcome of ['ok', 'clientError', 'serverError', 'cancelled'] as const)
      sum[outcome] += gateway.requests[outcome];
    sum.maxQueued = Math.max(sum.maxQueued, gateway.queuedMax);
    sum.maxTokensPerSecond = Math.max(sum.maxTokensPerSecond, gateway.tokensPerSecond);
  }
  return sum;
}

function pointOf({
  atMs,
  totalBytes,
  usedBytes,
  freeBytes,
  utilizationRatio,
  tenants,
  gateway,
}: Row): Past['series'][number] {
  return {
    at: iso(atMs),
    ...(totalBytes !== undefined && {totalBytes}),
    ...(usedBytes && {maxUsedBytes: usedBytes.max}),
    ...(freeBytes && {minFreeBytes: freeBytes.min}),
    ...(utilizationRatio !== undefined && {utilizationRatio}),
    tenants: Object.fromEntries(Object.entries(tenants).map(([key, {usedBytes: held}]) => [key, held])),
    ...(gateway && {tokensPerSecond: gateway.tokensPerSecond}),
    ...(gateway?.ttftMs && {ttft: spans(gateway.ttftMs)}),
    ...(gateway?.tpotMs && {tpot: spans(gateway.tpotMs)}),
  };
}

const spans = ({p50, p99, max, count}: {p50: number; p99: number; max: number; count: number}) => ({
  p50Ms: p50,
  p99Ms: p99,
  maxMs: max,
  count,
});
