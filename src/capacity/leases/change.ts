import {join} from 'node:path/posix';
import type {Clock} from '../../base/clock.ts';
import {BerthError} from '../../base/errors.ts';
import {ms, seconds, type Duration} from '../../base/units.ts';
import {lockFolder, type Lock, type LockTimes} from '../../hosts/index.ts';
import {leasesFolder, type LeaseKeeper} from './registry.ts';

/** A change takes a reading of the device and writes a file: a second or two, over SSH some more. */
const PATIENCE: Duration = seconds(60);
const ASK_AGAIN: Duration = ms(200);
const TIMES: LockTimes = {beat: seconds(1), ttl: seconds(10)};

export interface ChangeOptions {
  clock: Clock;
  signal: AbortSignal;
  patience?: Duration;
  times?: LockTimes;
}

/**
 * Runs a change of a host's leases while nobody else changes them, so that two clients cannot both promise the same
 * bytes. Waits for its turn; `work` is told when the right was lost.
 * @throws BerthError `leases_busy` when the turn does not come.
 */
export async function changeLeases<T>(
  host: LeaseKeeper,
  {clock, signal, patience = PATIENCE, times = TIMES}: ChangeOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const folder = join(leasesFolder(host.stateRoot), 'lock');
  await using lock = await takeTurn(() => lockFolder(host.files, folder, clock, signal, times));
  return await work(AbortSignal.any([signal, lock.lost]));

  async function takeTurn(take: () => Promise<Lock>): Promise<Lock> {
    const started = clock.elapsed();
    for (;;) {
      try {
        return await take();
      } catch (error) {
        if (!(error instanceof BerthError && error.code === 'deploy_in_progress')) throw error;
        if (clock.elapsed() - started >= patience) throw leasesBusy(error);
        await clock.sleep(ASK_AGAIN, signal);
      }
    }
  }
}

const leasesBusy = (cause: BerthError): BerthError =>
  new BerthError({
    code: 'leases_busy',
    what: (t) => t.lease.busy({owner: String(cause.details.owner)}),
    try: ['berth lease ls'],
    details: cause.details,
    cause,
  });
