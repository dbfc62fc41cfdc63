import {seconds} from '../base/units.ts';
import type {SlowedModel} from '../capacity/index.ts';
import type {DeviceFacts} from '../card/index.ts';
import type {Host} from '../hosts/index.ts';
import {askWatch, type GuardStatus} from '../monitor/index.ts';
import {deploymentsOf, isOn, type Seen} from './claims.ts';

/** A watch that does not answer in this time refuses nobody. */
const ANSWER = seconds(3);

/** The model on a device that is slowed now, where its guard refuses newcomers for that. */
export async function slowedOn(
  host: Host,
  facts: DeviceFacts,
  signal: AbortSignal,
): Promise<SlowedModel | undefined> {
  const here = (await deploymentsOf(host)).filter((one) => one.observed !== undefined && isOn(one, facts));
  const asked = await Promise.all(
    here.map(async (seen): Promise<SlowedModel | undefined> => {
      const guard = await askGuard(host, seen, signal);
      if (guard?.mode !== 'act' || guard.newcomers !== 'refuse' || guard.slowForMs === null) return undefined;
      return {deployment: seen.name, slowForMs: guard.slowForMs, ratio: guard.lastRatio};
    }),
  );
  return asked.find((one) => one !== undefined);
}

/** Null where it does not answer, whatever the reason. */
async function askGuard(host: Host, {name, present}: Seen, signal: AbortSignal): Promise<GuardStatus | null> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER)]);
    return await askWatch(await host.runtime(present.runtime), name, {ask: 'guard'}, limit);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
