import {bytes, type Bytes} from '../../base/units.ts';
import {ownerOf, withDescendants, type ProcessReading, type Reading} from '../../card/index.ts';
import type {OwnProcesses} from '../own-processes.ts';
import {isExpired} from './expiry.ts';
import {growthOf} from './growth.ts';
import type {Lease} from './lease.ts';

/** A lease, and the processes that live on it. */
export interface Holding {
  lease: Lease;
  processes: readonly ProcessReading[];
  usedBytes: Bytes;
}

/**
 * Who lives on which of these leases: all processes of its container, its process and what that started, and whoever
 * has the lease in their environment. Each process counts once, and none that the caller has counted (`but`: the
 * model's, Berth's own). Leases of other devices and those whose time is over are left out. Pure.
 */
export function holdingsOf(
  leases: readonly Lease[],
  {device, reading, but = new Set()}: {device: string; reading: Reading; but?: ReadonlySet<number>},
): Holding[] {
  const standing = leases.filter((lease) => lease.device === device && !isExpired(lease, reading.at));
  const left = new Map(reading.processes.filter(({pid}) => !but.has(pid)).map((one) => [one.pid, one]));
  const taken = standing.map((lease) => {
    const processes = processesOf(lease, [...left.values()]);
    for (const {pid} of processes) left.delete(pid);
    return {lease, processes};
  });
  // A program may name a lease that is not its own by its parents: what is certain is counted first.
  return taken.map(({lease, processes}) => {
    const marked = [...left.values()].filter((one) => one.lease === lease.name);
    for (const {pid} of marked) left.delete(pid);
    const all = [...processes, ...marked];
    return {lease, processes: all, usedBytes: bytes(all.reduce((sum, one) => sum + one.usedBytes, 0))};
  });
}

function processesOf({subject, name}: Lease, processes: readonly ProcessReading[]): ProcessReading[] {
  switch (subject.kind) {
    case 'container': {
      const owners = [{kind: 'lease', name, containerId: subject.id} as const];
      return processes.filter((one) => ownerOf(one, owners).kind === 'lease');
    }
    case 'process': {
      const {pid, started} = subject;
      const itself = processes.find((one) => one.pid === pid);
      // A card's reading leaves out who does not use the card; then only descendants can be found.
      const another = itself?.startTicks !== undefined && !started.endsWith(`:${itself.startTicks}`);
      return another ? [] : withDescendants(processes, [pid]);
    }
    case 'open':
      return [];
  }
}

/** What leases were promised of a device and do not use yet: free now, and nobody else's. Pure. */
export function promisedYet(
  leases: readonly Lease[],
  device: string,
  reading: Reading,
  {model, programs}: OwnProcesses,
): Bytes {
  const but = new Set([...model, ...programs].map(({pid}) => pid));
  const holdings = holdingsOf(leases, {device, reading, but});
  return bytes(
    holdings.reduce((sum, {lease, usedBytes}) => sum + growthOf({bytes: lease.bytes, usedBytes}), 0),
  );
}
