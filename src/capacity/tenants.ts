import {outsiderKey, ownerOf, type ProcessReading, type Reading} from '../card/index.ts';
import type {Holding} from './leases/holding.ts';
import type {OwnProcesses} from './own-processes.ts';
import type {Tenant} from './schema.ts';

/** Outsiders named one by one; the others share one row. */
const NAMED = 8;

const largestFirst = (a: {usedBytes: number}, b: {usedBytes: number}): number => b.usedBytes - a.usedBytes;

function tenantOf(kind: Tenant['kind'], name: string, processes: readonly ProcessReading[]): Tenant {
  const largest = processes.toSorted(largestFirst)[0];
  const users = new Set(processes.map((one) => one.user));
  const peaks = processes.flatMap((one) => (one.peakBytes === undefined ? [] : [one.peakBytes]));
  const uses = new Set(processes.map((one) => one.uses));
  const common = kind === 'outsider' ? largest : undefined;
  return {
    kind,
    name,
    usedBytes: processes.reduce((sum, one) => sum + one.usedBytes, 0),
    // A peak that leaves processes out would be too low to be an upper bound.
    ...(processes.length > 0 &&
      peaks.length === processes.length && {peakBytes: peaks.reduce((sum, one) => sum + one, 0)}),
    processes: processes.length,
    pids: processes.map((one) => one.pid),
    ...(users.size === 1 && largest?.user !== undefined && {user: largest.user}),
    ...(common && {command: common.command}),
    ...(common?.containerId !== undefined && {containerId: common.containerId}),
    ...(uses.size === 1 && largest?.uses !== undefined && {uses: largest.uses}),
  };
}

/** A container is known by its own name, other programs by that of the largest. */
function nameOf(group: readonly ProcessReading[], containers: ReadonlyMap<string, string>): string {
  const largest = group.toSorted(largestFirst)[0];
  if (!largest) return '';
  const owner = ownerOf(largest, []);
  return (owner.kind === 'container' ? containers.get(owner.containerId) : undefined) ?? largest.name;
}

/** A neighbour with a lease has its row also while nothing of it runs: its bytes are promised. */
const leased = ({lease, processes}: Holding): Tenant => ({
  ...tenantOf('lease', lease.name, processes),
  promisedBytes: lease.bytes,
  tier: lease.tier,
  ...(lease.subject.kind === 'container' && {containerId: lease.subject.id}),
});

/**
 * Everyone who uses the device, so that the rows add up to `usedBytes`: the model first, then Berth's own
 * programs, then leases, then outsiders by size, the small ones in one row, and at the end what no process owns
 * (kernel, shared memory, file systems in memory, and processes that this user cannot see). `containers`: their names
 * by id, where they are known.
 */
export function groupTenants(
  deployment: string,
  {model, programs}: OwnProcesses,
  reading: Reading,
  holdings: readonly Holding[] = [],
  containers: ReadonlyMap<string, string> = new Map(),
): Tenant[] {
  const leaseholders = holdings.flatMap(({processes}) => processes);
  const own = new Set([...model, ...programs, ...leaseholders].map((one) => one.pid));
  const others = reading.processes.filter((one) => !own.has(one.pid));
  const groups = [...Map.groupBy(others, outsiderKey).values()].map((group) =>
    tenantOf('outsider', nameOf(group, containers), group),
  );
  groups.sort(largestFirst);
  // One leftover group is better named than hidden in a row of its own.
  const named = groups.length === NAMED + 1 ? NAMED + 1 : NAMED;
  const restPids = new Set(groups.slice(named).flatMap((group) => group.pids));
  const attributed = reading.processes.reduce((sum, one) => sum + one.usedBytes, 0);
  return [
    ...(model.length > 0 ? [tenantOf('model', deployment, model)] : []),
    ...(programs.length > 0 ? [tenantOf('berth', deployment, programs)] : []),
    ...holdings.map(leased),
    ...groups.slice(0, named),
    ...(restPids.size > 0
      ? [
          tenantOf(
            'rest',
            'others',
            others.filter((one) => restPids.has(one.pid)),
          ),
        ]
      : []),
    {
      kind: 'unattributed',
      name: 'unattributed',
      usedBytes: reading.usedBytes - attributed,
      processes: 0,
      pids: [],
    },
  ];
}
