import {join} from 'node:path';
import type {Clock} from '../base/clock.ts';
import {lockFolder, lockTimes, type Lock, type LockTimes} from '../hosts/index.ts';
import {deploymentFolder, type RecordKeeper} from './history.ts';

/** The right to change a deployment: one client at a time, anywhere. Throws `deploy_in_progress` (see `lockFolder`). */
export const takeLock = (
  host: RecordKeeper,
  deployment: string,
  clock: Clock,
  signal: AbortSignal,
  times: LockTimes = lockTimes,
): Promise<Lock> =>
  lockFolder(host.files, join(deploymentFolder(host, deployment), 'lock'), clock, signal, times);
