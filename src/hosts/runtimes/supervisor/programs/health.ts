import {get} from 'node:http';
import {setTimeout as delay} from 'node:timers/promises';

export interface HealthTarget {
  origin: string;
  token: string;
  path: string;
}

/** A tiny model is ready in a moment, large weights take minutes: ask often at first, then seldom. */
const pauseAfter = (waitedMs: number): number => (waitedMs < 3000 ? 25 : waitedMs < 30_000 ? 100 : 500);

const ANSWER_MS = 2000;

/** Asks until the engine answers 200: true. False when `signal` aborts first or `deadline` (ms) passes. */
export async function untilHealthy(
  target: HealthTarget,
  deadline: number,
  signal: AbortSignal,
): Promise<boolean> {
  const started = performance.now();
  for (;;) {
    if (signal.aborted) return false;
    if (await answersOk(target, signal)) return true;
    const waited = performance.now() - started;
    if (waited >= deadline) return false;
    try {
      await delay(pauseAfter(waited), undefined, {signal});
    } catch {
      return false; // aborted
    }
  }
}

async function answersOk({origin, token, path}: HealthTarget, signal: AbortSignal): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<boolean>();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const headers = {authorization: `Bearer ${token}`};
  get(new URL(path, origin), {headers, agent: false, signal: limit}, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  }).once('error', () => resolve(false)); // not listening yet
  return await promise;
}
