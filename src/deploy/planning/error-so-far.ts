import {History, isDeployment, type PastRelease, type RecordKeeper} from '../history.ts';

/** How far off the plans of this host's releases were: predicted less measured peak, so below 0 is too little. */
export interface ErrorSoFar {
  releases: number;
  /** Of the sizes of the errors. */
  meanBytes: number;
  /** The error that is largest in size. */
  worstBytes: number;
}

/** Undefined while nothing has been deployed and measured. Pure. */
export function errorOf(past: readonly PastRelease[]): ErrorSoFar | undefined {
  const errors = past.flatMap(({release, outcome}) =>
    outcome?.measuredPeakBytes === undefined || outcome.measuredPeakBytes === 0
      ? []
      : [release.predicted.peakBytes - outcome.measuredPeakBytes],
  );
  if (errors.length === 0) return undefined;
  return {
    releases: errors.length,
    meanBytes: Math.round(errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length),
    worstBytes: errors.reduce((worst, error) => (Math.abs(error) > Math.abs(worst) ? error : worst)),
  };
}

/** Of all deployments that this host remembers. */
export async function errorSoFar(host: RecordKeeper): Promise<ErrorSoFar | undefined> {
  const names = await host.files.list(host.stateRoot);
  const past = await Promise.all(names.filter(isDeployment).map((name) => new History(host, name).all()));
  return errorOf(past.flat());
}
