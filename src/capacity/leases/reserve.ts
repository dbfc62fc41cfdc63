import {bytes, mib, type Bytes} from '../../base/units.ts';
import {whoIsThis} from '../../base/user.ts';
import type {DeviceFacts, Reading} from '../../card/index.ts';
import {admit, type Admission} from './admission.ts';
import {changeLeases} from './change.ts';
import {holdingsOf} from './holding.ts';
import type {Lease, LeaseSubject} from './lease.ts';
import type {LeaseParts, SeenClaims} from './parts.ts';
import {belowUse, doesNotFit, leaseExists, taken} from './refusals.ts';
import {leaseRegistry} from './registry.ts';
import {sweepLeases} from './sweep.ts';

/** What is asked for. */
export interface Wanted {
  name: string;
  /** Left out: what the tenant holds and a quarter more. */
  bytes?: Bytes | undefined;
  note?: string | undefined;
  expiresAt?: Date | undefined;
  /** The promise ends with its tenant. */
  bound?: boolean;
  subject: LeaseSubject;
  /** For messages: how the tenant was named, and the command that asks again with another size. */
  tenant: string;
  command: (size: string) => string;
}

export interface Reserved {
  lease: Lease;
  admission: Admission;
  facts: DeviceFacts;
}

/**
 * Writes a promise down if it can be kept, while nobody else changes leases. Nothing is limited yet.
 * @throws BerthError `lease_exists`, `lease_taken`, `lease_below_use`, or `lease_does_not_fit` with the sum.
 */
export async function reserve(parts: LeaseParts, wanted: Wanted): Promise<Reserved> {
  const {host, clock, device} = parts;
  return await changeLeases(host, parts, async () => {
    await sweepLeases(host, clock.now());
    const registry = leaseRegistry(host);
    const others = await registry.all();
    if (others.some(({name}) => name === wanted.name)) throw leaseExists(wanted.name);
    const [facts, reading] = await Promise.all([device.facts(), device.read()]);
    const claims = await parts.claims(facts, reading);
    const candidate = leaseOf(wanted, facts, clock.now());
    const usedBytes = usedBy(candidate, {others, facts, reading, claims, tenant: wanted.tenant});
    const askedBytes = wanted.bytes ?? amply(usedBytes);
    const {command} = wanted;
    if (askedBytes < usedBytes) throw belowUse(command, facts, askedBytes, usedBytes, amply(usedBytes));
    const admission = admitOn({others, facts, reading, claims, askedBytes, heldBytes: usedBytes});
    if (admission.state === 'refused') throw doesNotFit(command, facts, admission);
    const lease: Lease = {...candidate, bytes: askedBytes};
    await registry.save(lease);
    return {lease, admission, facts};
  });
}

const ROUND = mib(64);

/** A quarter more than is used, in steps of 64 MiB. */
export const amply = (usedBytes: number): Bytes =>
  bytes(Math.max(1, Math.ceil((usedBytes * 1.25) / ROUND)) * ROUND);

function leaseOf(wanted: Wanted, {id}: DeviceFacts, now: Date): Lease {
  const {name, note, expiresAt, bound, subject} = wanted;
  return {
    schema: 'berth.lease/1',
    name,
    device: id,
    bytes: ROUND,
    owner: whoIsThis(),
    ...(note !== undefined && {note}),
    createdAt: now.toISOString(),
    ...(expiresAt && {expiresAt: expiresAt.toISOString()}),
    ...(bound && {bound}),
    subject,
    tier: 'T0',
  };
}

interface Seen {
  others: readonly Lease[];
  facts: DeviceFacts;
  reading: Reading;
  claims: SeenClaims;
}

/** What the tenant of a new lease holds already, when it is nobody else's. */
function usedBy(candidate: Lease, {others, facts, reading, claims, tenant}: Seen & {tenant: string}): Bytes {
  const alone = holdingsOf([candidate], {device: facts.id, reading})[0];
  const pids = alone?.processes.map(({pid}) => pid) ?? [];
  if (pids.some((pid) => claims.pids.has(pid))) throw taken(tenant, 'berth');
  const holder = holdingsOf(others, {device: facts.id, reading}).find(({processes}) =>
    processes.some(({pid}) => pids.includes(pid)),
  );
  if (holder) throw taken(tenant, holder.lease.name);
  return alone?.usedBytes ?? bytes(0);
}

/** Admission beside these leases and deployments, as they were read. */
export function admitOn({
  others,
  facts,
  reading,
  claims,
  askedBytes,
  heldBytes,
}: Seen & {askedBytes: Bytes; heldBytes: Bytes}): Admission {
  const holdings = holdingsOf(others, {device: facts.id, reading, but: claims.pids});
  return admit({
    askedBytes,
    heldBytes,
    reading,
    models: claims.models,
    programs: claims.programs,
    leases: holdings.map(({lease, usedBytes}) => ({name: lease.name, bytes: lease.bytes, usedBytes})),
  });
}
