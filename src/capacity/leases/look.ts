import {BerthError} from '../../base/errors.ts';
import {bytes, type Bytes} from '../../base/units.ts';
import type {Device} from '../../card/index.ts';
import type {TenantContainer} from '../../hosts/index.ts';
import {changeLeases} from './change.ts';
import {holdingsOf} from './holding.ts';
import type {Enforced} from './keep/enforced.ts';
import {readCardLimit} from './keep/card.ts';
import {readRam} from './keep/ram.ts';
import type {Lease} from './lease.ts';
import type {LeaseParts} from './parts.ts';
import {leaseRegistry} from './registry.ts';
import {standingLeases} from './standing.ts';
import {Containers} from './tenant.ts';

/** A lease as it stands now. */
export interface SeenLease {
  lease: Lease;
  usedBytes: Bytes;
  pids: readonly number[];
  enforced: Enforced;
  /** `gone`: its container is not there any more. `unknown`: Docker does not answer. */
  tenant: 'nobody-yet' | 'running' | 'stopped' | 'gone' | 'unknown';
}

interface LookParts extends Pick<LeaseParts, 'host' | 'clock' | 'signal'> {
  /** The device of that id. */
  device(id: string): Promise<Device>;
}

/**
 * Every lease that stands, with what its tenant holds and the limit read back. A container that was made anew is found
 * by its label or name, and written down. `only`: the one of that name.
 */
export async function lookAtLeases(parts: LookParts, only?: string): Promise<SeenLease[]> {
  const {host, clock} = parts;
  using containers = new Containers(host);
  const standing = (await standingLeases(host, clock.now())).filter(
    ({name}) => only === undefined || name === only,
  );
  const found = await Promise.all(standing.map((lease) => followContainer(lease, containers)));
  const moved = found.filter(({lease}) => !standing.includes(lease));
  if (moved.length > 0) {
    const registry = leaseRegistry(host);
    await changeLeases(host, parts, async () => {
      for (const {lease} of moved) await registry.save(lease);
    });
  }
  const devices = [...new Set(standing.map(({device}) => device))];
  const holdings = await Promise.all(
    devices.map(async (device) => {
      const reading = await (await parts.device(device)).read();
      return holdingsOf(
        found.map(({lease}) => lease),
        {device, reading},
      );
    }),
  );
  return await Promise.all(
    found.map(async ({lease, tenant}): Promise<SeenLease> => {
      const holding = holdings.flat().find((one) => one.lease.name === lease.name);
      return {
        lease,
        usedBytes: holding?.usedBytes ?? bytes(0),
        pids: holding?.processes.map(({pid}) => pid) ?? [],
        enforced: await enforcementOf(host, lease, tenant, containers),
        tenant,
      };
    }),
  );
}

async function followContainer(
  lease: Lease,
  containers: Containers,
): Promise<Pick<SeenLease, 'lease' | 'tenant'>> {
  const {subject} = lease;
  if (subject.kind === 'open') return {lease, tenant: 'nobody-yet'};
  if (subject.kind === 'process') return {lease, tenant: 'running'};
  let container: TenantContainer | undefined;
  try {
    const opened = await containers.open();
    container =
      (await opened.find(subject.id)) ??
      (await opened.ofLease(lease.name)) ??
      (await opened.find(subject.name));
  } catch (error) {
    // Docker does not run: its containers neither. The promise stands all the same.
    if (error instanceof BerthError) return {lease, tenant: 'unknown'};
    throw error;
  }
  if (!container) return {lease, tenant: 'gone'};
  const {id, name, running} = container;
  const same = id === subject.id && name === subject.name;
  return {
    lease: same ? lease : {...lease, subject: {kind: 'container', id, name}},
    tenant: running ? 'running' : 'stopped',
  };
}

function enforcementOf(
  host: LeaseParts['host'],
  lease: Lease,
  tenant: SeenLease['tenant'],
  containers: Containers,
): Enforced | Promise<Enforced> {
  if (tenant === 'nobody-yet') return {tier: 'T0', why: 'open'};
  if (tenant === 'gone' || tenant === 'unknown') return {tier: 'T0', why: 'not-read-back'};
  if (lease.device !== 'cpu') return cardEnforcement(host, lease, containers);
  return readRam(host, lease, containers.open);
}

/** Where no limit was proven when the lease was made, none is looked for. */
async function cardEnforcement(
  host: LeaseParts['host'],
  {subject, device, bytes: limit, tier}: Lease,
  containers: Containers,
): Promise<Enforced> {
  if (subject.kind !== 'container' || tier === 'T0') return {tier: 'T0', why: 'card-unproven'};
  const pid = (await (await containers.open()).find(subject.id))?.pid;
  return pid === undefined
    ? {tier: 'T0', why: 'not-read-back'}
    : await readCardLimit(host, device, pid, limit);
}
