import {withDescendants, type ProcessReading, type Reading} from '../card/index.ts';
import type {Observed} from '../hosts/index.ts';

/** The processes of one deployment: supervisor, gateway, engines, and whatever these started. */
export function modelProcesses(observed: Observed, reading: Reading): ProcessReading[] {
  if (observed.state !== 'running') return [];
  const {supervisorPid, gateway, engines} = observed;
  return withDescendants(reading.processes, [
    ...(supervisorPid === undefined ? [] : [supervisorPid]),
    ...gateway.pids,
    ...engines.flatMap((engine) => engine.pids),
  ]);
}
