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

/** What changing leases takes. */
export interface LeaseParts {
  host: LeaseHost & Pick<Host, 'connectDocker'>;
  /** The one that bytes are promised of. */
  device: Device;
  clock: Clock;
  signal: AbortSignal;
  claims(facts: DeviceFacts, reading: Reading): Promise<SeenClaims>;
}
