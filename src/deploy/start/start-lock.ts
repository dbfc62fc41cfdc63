import {join} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {BerthError} from '../../base/errors.ts';
import {minutes, ms, type Duration} from '../../base/units.ts';
import {lockFolder, lockTimes, type Lock, type LockTimes} from '../../hosts/index.ts';
import type {RecordKeeper} from '../history.ts';

/** Longer than any start with its gate, so that one that waits for another gets its turn. */
const PATIENCE: Duration = minutes(10);
const ASK_AGAIN: Duration = ms(500);

export interface StartLockOptions {
  /** The device, as it names itself: all deployments of a host that share it share this lock. */
  deviceId: string;
  clock: Clock;
  signal: AbortSignal;
  patience?: Duration;
  times?: LockTimes;
}

/**
 * The right to start an engine on a device. Engines that look at free memory while they start disturb each
 * other, so one starts after the other. Waits for its turn.
 * @throws BerthError `card_busy` when the turn does not come.
 */
export async function takeStartLock(
  host: RecordKeeper,
  {deviceId, clock, signal, patience = PATIENCE, times = lockTimes}: StartLockOptions,
): Promise<Lock> {
  // A deployment's name cannot begin with a dot.
  const folder = join(host.stateRoot, '.starts', deviceId.replaceAll(/[^\w.-]/g, '_'), 'lock');
  const started = clock.elapsed();
  for (;;) {
    try {
      return await lockFolder(host.files, folder, clock, signal, times);
    } catch (error) {
      if (!(error instanceof BerthError && error.code === 'deploy_in_progress')) throw error;
      if (clock.elapsed() - started >= patience) throw cardBusy(deviceId, error);
      await clock.sleep(ASK_AGAIN, signal);
    }
  }
}

const cardBusy = (device: string, cause: BerthError): BerthError =>
  new BerthError({
    code: 'card_busy',
    what: (t) => t.deploy.cardBusy({device}),
    why: cause.what,
    try: ['berth status', 'berth capacity'],
    details: {device, ...cause.details},
    cause,
  });
