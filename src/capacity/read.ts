import type {Device} from '../card/index.ts';
import {capacityReport, type Candidate} from './report.ts';
import type {CapacityReport} from './schema.ts';
import type {DeploymentView} from './view.ts';

/** Reads the device, the deployment's processes on it and the gateway's counts, at one time. */
export async function readCapacity(input: {
  view: DeploymentView;
  device: Device;
  candidates?: readonly Candidate[];
}): Promise<CapacityReport> {
  const {view, device, candidates} = input;
  const [facts, reading, stats] = await Promise.all([device.facts(), device.read(), view.stats()]);
  return capacityReport({view, facts, reading, stats, ...(candidates && {candidates})});
}
