import {bytes, type Bytes} from '../../base/units.ts';
import {BerthError} from '../../base/errors.ts';
import type {Admission} from './admission.ts';
import {changeLeases} from './change.ts';
import {holdingsOf} from './holding.ts';
import type {Enforced} from './keep/enforced.ts';
import {limitOnCard} from './keep/card.ts';
import {setLimit} from './keep/groups.ts';
import {readRam} from './keep/ram.ts';
import type {Lease} from './lease.ts';
import type {LeaseParts} from './parts.ts';
import {belowUse, doesNotFit} from './refusals.ts';
import {leaseRegistry} from './registry.ts';
import {admitOn, amply} from './reserve.ts';
import {sweepLeases} from './sweep.ts';
import {Containers} from './tenant.ts';

export interface ResizedLease {
  lease: Lease;
  /** What it was before. */
  beforeBytes: Bytes;
  enforced: Enforced;
  admission: Admission;
}

/**
 * Changes the size of a promise, if the new one can be kept, and its limit with it. The same size again sets the limit
 * again. `parts.device` is the lease's.
 * @throws BerthError `lease_unknown`, `lease_below_use`, or `lease_does_not_fit` with the sum.
 */
export async function resizeLease(parts: LeaseParts, name: string, askedBytes: Bytes): Promise<ResizedLease> {
  const {host, clock, device} = parts;
  return await changeLeases(host, parts, async () => {
    await sweepLeases(host, clock.now());
    const registry = leaseRegistry(host);
    const before = await registry.find(name);
    const [facts, reading] = await Promise.all([device.facts(), device.read()]);
    const claims = await parts.claims(facts, reading);
    const all = await registry.all();
    const holdings = holdingsOf(all, {device: facts.id, reading, but: claims.pids});
    const usedBytes = holdings.find(({lease}) => lease.name === name)?.usedBytes ?? bytes(0);
    const command = (size: string): string => `berth lease resize ${name} ${size}`;
    if (askedBytes < usedBytes) throw belowUse(command, facts, askedBytes, usedBytes, amply(usedBytes));
    const others = all.filter((lease) => lease.name !== name);
    const admission = admitOn({others, facts, reading, claims, askedBytes, heldBytes: usedBytes});
    if (admission.state === 'refused') throw doesNotFit(command, facts, admission);
    const resized = {...before, bytes: askedBytes};
    using containers = new Containers(host);
    const enforced = await limitAgain(host, resized, containers);
    const lease: Lease = {...resized, tier: enforced.tier};
    await registry.save(lease);
    return {lease, beforeBytes: before.bytes, enforced, admission};
  });
}

async function limitAgain(host: LeaseParts['host'], lease: Lease, containers: Containers): Promise<Enforced> {
  const {subject, device, bytes: limit} = lease;
  if (device !== 'cpu') {
    if (subject.kind === 'open') return {tier: 'T0', why: 'open'};
    const pid =
      subject.kind === 'container' ? (await (await containers.open()).find(subject.id))?.pid : undefined;
    return pid === undefined
      ? {tier: 'T0', why: 'card-unproven'}
      : await limitOnCard(host, device, pid, limit);
  }
  if (subject.kind === 'container') await (await containers.open()).limitMemory(subject.id, limit);
  if (subject.kind === 'process' && subject.group !== undefined) {
    const refused = await setLimit(host, subject.group, limit);
    if (refused !== undefined) throw notResized(lease.name, refused);
  }
  return await readRam(host, lease, containers.open);
}

const notResized = (name: string, detail: string): BerthError =>
  new BerthError({
    code: 'lease_not_limited',
    what: (t) => t.lease.notLimited({name}),
    try: [`berth lease show ${name}`],
    details: {name},
    lastLines: [detail],
  });
