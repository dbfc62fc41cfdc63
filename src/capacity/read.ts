import type {Device, DeviceFacts, Reading} from '../card/index.ts';
import type {DeploymentClaims} from './leases/admission.ts';
import {capacityReport, type CapacityInput} from './report.ts';
import type {CapacityReport} from './schema.ts';

/** What a report is made from beside the device itself. */
interface ReadInput extends Pick<CapacityInput, 'view' | 'candidates' | 'leases'> {
  device: Device;
  /** Names of the containers on the host, asked when processes of one are seen. */
  containers?: () => Promise<ReadonlyMap<string, string>>;
  /** What the other deployments on the device were promised, once it was read. */
  others?: (facts: DeviceFacts, reading: Reading) => Promise<DeploymentClaims>;
}

/** Reads the device, the deployment's processes on it and the gateway's counts, at one time. */
export async function readCapacity({
  device,
  others,
  containers,
  ...input
}: ReadInput): Promise<CapacityReport> {
  const [facts, reading, stats] = await Promise.all([device.facts(), device.read(), input.view.stats()]);
  const contained = reading.processes.some(({containerId}) => containerId !== undefined);
  return capacityReport({
    ...input,
    facts,
    reading,
    stats,
    ...(containers && contained && {containers: await containers()}),
    ...(others && {others: await others(facts, reading)}),
  });
}
