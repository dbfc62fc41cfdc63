import {removeGroup} from './keep/groups.ts';
import {leaseRegistry} from './registry.ts';
import {settledLeases, type LeaseHost} from './standing.ts';

/** Writes down what has become of leases: ends those that are over, opens those whose process has ended. */
export async function sweepLeases(host: LeaseHost, now: Date): Promise<void> {
  const registry = leaseRegistry(host);
  for (const {written, settled} of await settledLeases(host, now)) {
    if (settled === written) continue;
    if (settled === 'over') await registry.remove(written.name);
    else await registry.save(settled);
    if (written.subject.kind === 'process' && written.subject.group !== undefined) {
      await removeGroup(host, written.subject.group);
    }
  }
}
