import type {Clock} from '../../base/clock.ts';
import {formatBytes, mib, ms, seconds, type Bytes, type Duration} from '../../base/units.ts';
import {waitFor} from '../../base/wait.ts';
import type {Device} from '../../card/index.ts';

export interface QuietRule {
  /** How long free memory must stand still. */
  window: Duration;
  /** How far it may move meanwhile: a desktop's windows come and go, a model does not. */
  tolerance: Bytes;
  /** Between two readings. */
  every: Duration;
  /** A card that is never quiet is told after that. */
  deadline: Duration;
}

const QUIET: QuietRule = {window: seconds(5), tolerance: mib(64), every: ms(500), deadline: seconds(120)};

export interface FreeSample {
  atMs: number;
  freeBytes: number;
}

/** Whether free memory has stood still over the last `window`; false while the samples do not reach back so far. */
export function isQuiet(
  samples: readonly FreeSample[],
  {window, tolerance}: Pick<QuietRule, 'window' | 'tolerance'>,
): boolean {
  const last = samples.at(-1);
  if (!last) return false;
  const first = samples.findLastIndex(({atMs}) => atMs <= last.atMs - window);
  if (first === -1) return false;
  const free = samples.slice(first).map(({freeBytes}) => freeBytes);
  return Math.max(...free) - Math.min(...free) <= tolerance;
}

/** Waits until nobody takes or gives back memory of the device. Throws `deadline_passed` with what was seen. */
export async function untilQuiet(
  {device, clock}: {device: Pick<Device, 'read'>; clock: Clock},
  signal: AbortSignal,
  rule: QuietRule = QUIET,
): Promise<void> {
  const samples: FreeSample[] = [];
  await waitFor(
    async () => {
      const {freeBytes} = await device.read();
      samples.push({atMs: clock.elapsed(), freeBytes});
      return isQuiet(samples, rule) ? true : undefined;
    },
    {
      what: (t) => t.deploy.cardQuiet(),
      ...{deadline: rule.deadline, every: rule.every, clock, signal},
      evidence: () => samples.slice(-5).map(({freeBytes}) => `free: ${formatBytes(freeBytes)}`),
    },
  );
}
