import {join} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {BerthError} from '../../base/errors.ts';
import {step} from '../../base/progress.ts';
import {minutes, ms, type Duration} from '../../base/units.ts';
import {lockFolder, lockTimes, type Lock, type LockTimes} from '../../hosts/index.ts';
import type {RecordKeeper} from '../history.ts';
import type {DeployParts} from '../parts.ts';

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

/** The turn to start something on a device. */
export interface Turn extends AsyncDisposable {
  /** Aborts with the signal that it was asked with, and when the turn is lost. */
  signal: AbortSignal;
}

/**
 * On a card, engines start one after the other, from the reading that a start is planned on until the engine has
 * passed its gate: else two plans would count the same free bytes, and an engine that measures the card while it
 * starts (vLLM) would measure another's loading. In RAM nothing is measured, and nobody waits. Told as a step, because
 * it may have to wait for another deploy.
 */
export async function takeTurn(
  {host, device, clock, progress}: Pick<DeployParts, 'host' | 'device' | 'clock' | 'progress'>,
  signal: AbortSignal,
): Promise<Turn> {
  const {kind, id: deviceId} = await device.facts();
  if (kind === 'cpu') return {signal, [Symbol.asyncDispose]: () => Promise.resolve()};
  const lock = await step(progress, {id: 'start-lock', say: (t) => t.deploy.stepStartLock()}, () =>
    takeStartLock(host, {deviceId, clock, signal}),
  );
  return {
    signal: AbortSignal.any([signal, lock.lost]),
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  };
}

/**
 * The right to start an engine on a device; waits for it.
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
