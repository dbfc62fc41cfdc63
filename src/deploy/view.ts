import {bytes} from '../base/units.ts';
import type {DeploymentView} from '../capacity/index.ts';
import type {Description} from './describe.ts';
import {deviceOf} from './which-device.ts';

/** A deployment as health and capacity look at it. */
export function viewOf({status, observed, release, outcome, onCard, stats}: Description): DeploymentView {
  const given = onCard === undefined ? undefined : onCard ? 'gpu' : 'cpu';
  const device = release && (deviceOf(release.identity.engine, release.identity.runtime) ?? given);
  return {
    name: status.deployment,
    host: status.host,
    observed,
    ...(release && {
      release: {
        number: release.number,
        model: release.identity.model,
        variant: release.identity.variant,
        engine: release.identity.engine,
        ...(device && {device}),
        standIn: status.standIn ?? false,
        contextTokens: release.settings.contextTokens,
        budgetBytes: bytes(release.budgetBytes),
        predictedPeakBytes: bytes(release.predicted.peakBytes),
        ...(outcome?.measuredPeakBytes !== undefined && {
          recordedPeakBytes: bytes(outcome.measuredPeakBytes),
        }),
      },
    }),
    stats,
  };
}
