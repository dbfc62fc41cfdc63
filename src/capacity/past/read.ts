import {askWatch} from '../../monitor/index.ts';
import type {Runtime} from '../../hosts/index.ts';
import type {CapacityReport} from '../schema.ts';
import {pastOf} from './past.ts';
import type {Past} from './schema.ts';

/** Points of the series: about one for each three pixels of a chart. */
const POINTS = 240;
const LEAST_STEP_MS = 60_000;

export interface PastRequest {
  runtime: Pick<Runtime, 'watch'>;
  deployment: string;
  sinceMs: number;
  untilMs: number;
  model: CapacityReport['model'];
  timeZone: string;
  signal: AbortSignal;
}

/** Asks the watch of a deployment what it kept. Fails with `watch_unavailable` where it does not answer. */
export async function readPast(request: PastRequest): Promise<Past> {
  const {runtime, deployment, sinceMs, untilMs, model, timeZone, signal} = request;
  const [history, events, now] = await Promise.all([
    askWatch(
      runtime,
      deployment,
      {ask: 'history', sinceMs, untilMs, stepMs: Math.max(LEAST_STEP_MS, (untilMs - sinceMs) / POINTS)},
      signal,
    ),
    askWatch(runtime, deployment, {ask: 'events', sinceMs}, signal),
    askWatch(runtime, deployment, {ask: 'now'}, signal),
  ]);
  const {stepMs, rows} = history;
  return pastOf({
    ...{sinceMs, untilMs, stepMs, rows, events, model, timeZone},
    present: now.sample?.tenants ?? [],
  });
}
