import {monitorEventLoopDelay} from 'node:perf_hooks';
import type {Health, Store} from '../monitor/index.ts';

/** Coarse, because each look costs a wake-up: what matters here is far longer. */
const RESOLUTION_MS = 100;
/** What the share of a core is taken over, at least. */
const SPAN_MS = 60_000;

/** How the watch itself fares. */
export function openHealth(store: Pick<Store, 'bytes' | 'problem'>): (lagMs: number) => Health {
  const started = performance.now();
  const delay = monitorEventLoopDelay({resolution: RESOLUTION_MS});
  delay.enable();
  let marks = [{at: started, used: cpuMs()}];
  return (lagMs) => {
    const now = {at: performance.now(), used: cpuMs()};
    const since = marks[0] ?? now;
    if (now.at - (marks.at(-1)?.at ?? 0) > SPAN_MS) marks = [...marks, now].slice(-2);
    const {problem} = store;
    return {
      pid: process.pid,
      sinceMs: now.at - started,
      rssBytes: process.memoryUsage.rss(),
      cpuRatio: now.at > since.at ? (now.used - since.used) / (now.at - since.at) : 0,
      loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
      lagMs,
      storeBytes: store.bytes,
      ...(problem !== undefined && {storeProblem: problem}),
    };
  };
}

function cpuMs(): number {
  const {user, system} = process.cpuUsage();
  return (user + system) / 1000;
}
