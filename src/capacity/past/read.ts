import {askWatch} from '../../monitor/index.ts';
import type {Runtime} from '../../hosts/index.ts';
import type {CapacityReport} from '../schema.ts';
import {forecastOf} from './forecast.ts';
import {pastOf} from './past.ts';
import type {Past} from './schema.ts';

/** Points of the series: about one for each three pixels of a chart. */
const POINTS = 240;
const LEAST_STEP_MS = 1000;
/** Days that a forecast looks at. */
const FORECAST_DAYS = 30;

export interface PastRequest {
  runtime: Pick<Runtime, 'watch'>;
  deployment: string;
  sinceMs: number;
  untilMs: number;
  model: CapacityReport['model'];
  /** When its release was made, in milliseconds since the epoch. */
  releasedMs: number | undefined;
  timeZone: string;
  signal: AbortSignal;
}

/** Asks the watch of a deployment what it kept. Fails with `watch_unavailable` where it does not answer. */
export async function readPast(request: PastRequest): Promise<Past> {
  const {runtime, deployment, sinceMs, untilMs, model, releasedMs, timeZone, signal} = request;
  const [history, events, now, peaks] = await Promise.all([
    askWatch(
      runtime,
      deployment,
      {ask: 'history', sinceMs, untilMs, stepMs: Math.max(LEAST_STEP_MS, (untilMs - sinceMs) / POINTS)},
      signal,
    ),
    askWatch(runtime, deployment, {ask: 'events', sinceMs}, signal),
    askWatch(runtime, deployment, {ask: 'now'}, signal),
    askWatch(runtime, deployment, {ask: 'peaks', days: FORECAST_DAYS}, signal),
  ]);
  const {stepMs, rows} = history;
  const {tenants: present = [], device} = now.sample ?? {};
  return pastOf({
    ...{sinceMs, untilMs, stepMs, rows, events, model, timeZone},
    present,
    forecast: forecastOf({
      ...{peaks, present, model, releasedMs},
      usableBytes: device && device.totalBytes - device.reservedBytes,
    }),
  });
}
