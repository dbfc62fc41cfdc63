import {withDescendants, type DeviceFacts, type ProcessReading, type Reading} from '../card/index.ts';
import type {Observed} from '../hosts/index.ts';
import {bytes, mib, type Bytes} from '../base/units.ts';

/** The processes of one deployment, told apart by who accounts for their memory. */
export interface OwnProcesses {
  /** Engines and whatever they started: held against the model's budget. */
  model: ProcessReading[];
  /** Supervisor, gateway and watch: held against `programsAllowance`. */
  programs: ProcessReading[];
}

export function ownProcesses(observed: Observed, reading: Reading): OwnProcesses {
  if (observed.state !== 'running') return {model: [], programs: []};
  const {supervisorPid, gateway, engines} = observed;
  const model = withDescendants(
    reading.processes,
    engines.flatMap((engine) => engine.pids),
  );
  const counted = new Set(model.map(({pid}) => pid));
  const all = withDescendants(reading.processes, [
    ...(supervisorPid === undefined ? [] : [supervisorPid]),
    ...gateway.pids,
  ]);
  return {model, programs: all.filter(({pid}) => !counted.has(pid))};
}

/**
 * What supervisor, gateway and watch may hold of the device together. Measured at their peaks, each counted whole: 105,
 * 125 and 80 MB, the gateway under 256 streams (test/bench). Only RAM: they use no GPU.
 */
export const programsAllowance = (kind: DeviceFacts['kind']): Bytes => (kind === 'cpu' ? mib(320) : bytes(0));

/** What processes hold of the device now, together. */
export const heldTogether = (processes: readonly ProcessReading[]): Bytes =>
  bytes(processes.reduce((sum, {usedBytes}) => sum + usedBytes, 0));
