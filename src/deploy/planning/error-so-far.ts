import type {DeviceFacts} from '../../card/index.ts';
import {History, isDeployment, type PastRelease, type RecordKeeper} from '../history.ts';

type DeviceKind = DeviceFacts['kind'];

/** How far off the plans of this host's releases were: predicted less measured peak, so below 0 is too little. */
export interface ErrorSoFar {
  /** Where they ran. RAM and a card are counted by others, and their errors say nothing of each other. */
  device: DeviceKind;
  releases: number;
  /** Of the sizes of the errors. */
  meanBytes: number;
  /** The error that is largest in size. */
  worstBytes: number;
}

/** Of the releases on that kind of device; undefined while none has been measured there. Pure. */
export function errorOf(past: readonly PastRelease[], device: DeviceKind): ErrorSoFar | undefined {
  const errors = past.flatMap(({release, outcome}) =>
    release.device !== device || !outcome?.measuredPeakBytes
      ? []
      : [release.predicted.peakBytes - outcome.measuredPeakBytes],
  );
  if (errors.length === 0) return undefined;
  return {
    device,
    releases: errors.length,
    meanBytes: Math.round(errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length),
    worstBytes: errors.reduce((worst, error) => (Math.abs(error) > Math.abs(worst) ? error : worst)),
  };
}

/** Of all deployments that this host remembers. */
export async function errorSoFar(host: RecordKeeper, device: DeviceKind): Promise<ErrorSoFar | undefined> {
  const names = await host.files.list(host.stateRoot);
  const past = await Promise.all(names.filter(isDeployment).map((name) => new History(host, name).all()));
  return errorOf(past.flat(), device);
}
