import {seconds} from '../base/units.ts';
import type {SlowedModel} from '../capacity/index.ts';
import type {DeviceFacts} from '../card/index.ts';
import type {Host} from '../hosts/index.ts';
import {askWatch} from '../monitor/index.ts';
import {deploymentsOf, isOn} from './claims.ts';

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
    here.map(async ({name, present}): Promise<SlowedModel | undefined> => {
      const guard = await askGuard(host, name, present.runtime, signal);
      if (guard?.mode !== 'act' || guard.newcomers !== 'refuse' || guard.slowForMs === null) return undefined;
      return {deployment: name, slowForMs: guard.slowForMs, ratio: guard.lastRatio};
    }),
  );
  return asked.find((one) => one !== undefined);
}

async function askGuard(...[host, name, kind, signal]: [Host, string, 'process' | 'docker', AbortSignal]) {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER)]);
    return await askWatch(await host.runtime(kind), name, {ask: 'guard'}, limit);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
