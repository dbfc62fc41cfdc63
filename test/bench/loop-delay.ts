/** Loaded before a program (`--import`): writes how late its event loop was, p99 in milliseconds, when it ends. */
import {writeFileSync} from 'node:fs';
import {monitorEventLoopDelay} from 'node:perf_hooks';

const RESOLUTION_MS = 2;

const file = process.env.BERTH_LOOP_DELAY;
if (file !== undefined) {
  const delay = monitorEventLoopDelay({resolution: RESOLUTION_MS});
  // What loading a program takes is not what is asked about.
  setTimeout(() => delay.enable(), 3000).unref();
  process.once('exit', () => writeFileSync(file, String(delay.percentile(99) / 1e6 - RESOLUTION_MS)));
}
