import {startsOf, type Host} from '../../hosts/index.ts';
import {isExpired} from './expiry.ts';
import type {Lease} from './lease.ts';
import {leaseRegistry} from './registry.ts';

/** The part of a host that leases live on. */
export type LeaseHost = Pick<Host, 'name' | 'kind' | 'stateRoot' | 'files' | 'run'>;

/**
 * What a lease has become: `over` when its time has passed or the run that it was bound to has ended, `open` when its
 * process has ended and the promise stays. Pure.
 */
export function settle(lease: Lease, now: Date, starts: ReadonlyMap<number, string>): Lease | 'over' {
  if (isExpired(lease, now)) return 'over';
  const {subject} = lease;
  if (subject.kind !== 'process' || starts.get(subject.pid) === subject.started) return lease;
  return lease.bound ? 'over' : {...lease, subject: {kind: 'open'}, tier: 'T0'};
}

/** Every lease of a host as it was written down, and what has become of it since. */
export async function settledLeases(
  host: LeaseHost,
  now: Date,
): Promise<{written: Lease; settled: Lease | 'over'}[]> {
  const all = await leaseRegistry(host).all();
  const pids = all.flatMap(({subject}) => (subject.kind === 'process' ? [subject.pid] : []));
  const starts = pids.length === 0 ? new Map<number, string>() : await startsOf(host, pids);
  return all.map((written) => ({written, settled: settle(written, now, starts)}));
}

/** The leases that hold now, on all devices of a host. Changes nothing. */
export async function standingLeases(host: LeaseHost, now: Date): Promise<Lease[]> {
  return (await settledLeases(host, now)).flatMap(({settled}) => (settled === 'over' ? [] : [settled]));
}
