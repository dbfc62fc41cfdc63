import type {Bytes} from '../../../base/units.ts';
import type {Host, TenantContainers} from '../../../hosts/index.ts';
import type {Lease} from '../lease.ts';
import type {Enforced} from './enforced.ts';
import {groupOf, isLimit, readLimit} from './groups.ts';

/** Whether a container's RAM is limited to these bytes: Docker's word, and while it runs the kernel's too. */
export async function readContainerLimit(
  host: Pick<Host, 'run'>,
  containers: TenantContainers,
  id: string,
  limit: Bytes,
): Promise<Enforced> {
  const found = await containers.find(id);
  if (!found || !isLimit(found.memoryLimitBytes, limit)) return {tier: 'T0', why: 'not-read-back'};
  if (found.pid === undefined) return {tier: 'cgroup'};
  const group = await groupOf(host, found.pid);
  const read = group === undefined ? undefined : await readLimit(host, group);
  return isLimit(read, limit)
    ? {tier: 'cgroup'}
    : {tier: 'T0', why: 'not-read-back', detail: `${group ?? '/proc'}: ${String(read)}`};
}

/** Whether the limit of a lease stands now, whoever has changed it since. Changes nothing. */
export async function readRam(
  host: Pick<Host, 'run'>,
  {subject, bytes: limit}: Lease,
  containers: () => Promise<TenantContainers>,
): Promise<Enforced> {
  switch (subject.kind) {
    case 'open':
      return {tier: 'T0', why: 'open'};
    case 'container':
      return await readContainerLimit(host, await containers(), subject.id, limit);
    case 'process': {
      if (subject.group === undefined) return {tier: 'T0', why: 'no-group'};
      const read = await readLimit(host, subject.group);
      return isLimit(read, limit)
        ? {tier: 'cgroup'}
        : {tier: 'T0', why: 'not-read-back', detail: `${subject.group}: ${String(read)}`};
    }
  }
}
