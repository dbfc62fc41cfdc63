import type {Lease} from './lease.ts';
import {changeLeases} from './change.ts';
import {liftOnCard} from './keep/card.ts';
import {dissolveGroup, setLimit} from './keep/groups.ts';
import type {LeaseParts} from './parts.ts';
import {leaseRegistry} from './registry.ts';
import {Containers} from './tenant.ts';

type EndParts = Pick<LeaseParts, 'host' | 'clock' | 'signal'>;

/**
 * Takes a promise back, and the limit with it. The tenant goes on as an outsider.
 * @throws BerthError `lease_unknown`.
 */
export async function endLease(parts: EndParts, name: string): Promise<Lease> {
  const {host} = parts;
  return await changeLeases(host, parts, async () => {
    const registry = leaseRegistry(host);
    const lease = await registry.find(name);
    await lift(host, lease);
    await registry.remove(name);
    return lease;
  });
}

/** Whoever was never limited is left as they are. */
async function lift(host: LeaseParts['host'], {subject, device, tier}: Lease): Promise<void> {
  switch (subject.kind) {
    case 'open':
      return;
    case 'container': {
      if (tier === 'T0') return;
      using containers = new Containers(host);
      const opened = await containers.open();
      const found = await opened.find(subject.id);
      if (device === 'cpu' && found) await opened.liftMemory(subject.id);
      if (device !== 'cpu' && found?.pid !== undefined) await liftOnCard(host, device, found.pid);
      return;
    }
    case 'process': {
      if (subject.group === undefined) return;
      // What it holds stays charged there for a while: that must be no limit any more.
      await setLimit(host, subject.group, 'none');
      await dissolveGroup(host, subject.group);
    }
  }
}
