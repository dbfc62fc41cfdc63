import type {Bytes} from '../base/units.ts';
import type {GatewayStats, Observed} from '../hosts/index.ts';

/** What health and capacity need to know of a deployment. */
export interface DeploymentView {
  name: string;
  host: string;
  observed: Observed;
  /** Missing when nothing was ever deployed. */
  release?: {
    number: number;
    model: string;
    variant: string;
    engine: string;
    /** What its budget is taken from, where that is certain; the device that is looked at may be the other. */
    device?: 'cpu' | 'gpu';
    standIn: boolean;
    contextTokens: number;
    /** Bytes the model may use. */
    budgetBytes: Bytes;
    predictedPeakBytes: Bytes;
    /** Highest that was recorded after deploys of this release. */
    recordedPeakBytes?: Bytes;
  };
  /** Counts of the gateway; undefined when it does not run. */
  stats(): Promise<GatewayStats | undefined>;
}
