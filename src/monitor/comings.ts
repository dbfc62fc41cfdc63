import {formatBytes, mib} from '../base/units.ts';
import type {WatchEvent} from './events.ts';
import type {Sample, SampledTenant} from './sample.ts';

/** A newcomer is worth telling of from here on; it has left when it holds less than half of it. */
const WORTH = {bytes: mib(128), cores: 0.5};

/** Tells who came and who left, each once. Those that are there at the start have not come. */
export class Comings {
  #present: Map<string, SampledTenant> | undefined;

  see({atMs, tenants}: Sample, tell: (event: WatchEvent) => void): void {
    const seen = new Map(tenants.filter(isSomebody).map((one) => [one.key, one]));
    const present = this.#present;
    this.#present = new Map();
    for (const [key, one] of seen) {
      const known = present?.get(key);
      const {usedBytes, cpuRatio = 0} = one;
      const enough = usedBytes >= WORTH.bytes || cpuRatio >= WORTH.cores;
      const still = known && (usedBytes >= WORTH.bytes / 2 || cpuRatio >= WORTH.cores / 2);
      if (!enough && !still) continue;
      this.#present.set(key, one);
      if (present && !known) tell(event(atMs, 'tenant-came', one));
    }
    for (const [key, one] of present ?? []) {
      if (!this.#present.has(key)) tell(event(atMs, 'tenant-left', one));
    }
  }
}

const isSomebody = ({kind}: SampledTenant): boolean =>
  kind === 'outsider' || kind === 'lease' || kind === 'model';

const event = (atMs: number, kind: 'tenant-came' | 'tenant-left', one: SampledTenant): WatchEvent => ({
  atMs,
  kind,
  tenant: one.key,
  text:
    kind === 'tenant-came'
      ? `${one.name} uses the device: ${formatBytes(one.usedBytes)}.`
      : `${one.name} uses the device no more.`,
  numbers: {
    name: one.name,
    usedBytes: one.usedBytes,
    ...(one.cpuRatio !== undefined && {cpuRatio: one.cpuRatio}),
    ...(one.user !== undefined && {user: one.user}),
    ...(one.command !== undefined && {command: one.command}),
    ...(one.containerId !== undefined && {containerId: one.containerId}),
  },
});
