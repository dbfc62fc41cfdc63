import type {Clock} from '../../base/clock.ts';
import type {Device, DeviceFacts, Reading} from '../../card/index.ts';
import type {Host} from '../../hosts/index.ts';
import type {DeploymentClaims} from './admission.ts';
import type {LeaseHost} from './standing.ts';

/** What deployments were promised of a device, and who they are. */
export interface SeenClaims extends DeploymentClaims {
  /** Of models and Berth's programs: these are nobody else's. */
  pids: ReadonlySet<number>;
}

/** A model that takes longer for a token than it should, because of its neighbours. */
export interface SlowedModel {
  deployment: string;
  /** Milliseconds. */
  slowForMs: number;
  /** How many times its usual time it took last; null where that was not judged. */
  ratio: number | null;
}

/** What changing leases takes. */
export interface LeaseParts {
  host: LeaseHost & Pick<Host, 'connectDocker'>;
  /** The one that bytes are promised of. */
  device: Device;
  clock: Clock;
  signal: AbortSignal;
  claims(facts: DeviceFacts, reading: Reading): Promise<SeenClaims>;
  /** The model that newcomers are refused for now. */
  slowed: (facts: DeviceFacts) => Promise<SlowedModel | undefined>;
}
