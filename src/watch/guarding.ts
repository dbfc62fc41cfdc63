import type {NeighbourTarget, Neighbours} from '../hosts/neighbours/hold/index.ts';
import {
  GuardKeeper,
  guardStatus,
  type Breach,
  type GuardPolicy,
  type Neighbour,
  type Observation,
} from '../capacity/guard/index.ts';
import type {GuardStatus, Observer, Sample, SampledTenant, WatchEvent} from '../monitor/index.ts';
import type {LeaseWatch} from './leases.ts';

/** Fewer tokens in a second say nothing about the time between them. */
const LEAST_TOKENS = 2;

/** What the guard must know of leases. */
export type KnownLeases = Pick<LeaseWatch, 'find' | 'isBroken'>;

export interface GuardingOptions {
  neighbours: Neighbours;
  leases: KnownLeases;
  /** Absolute path of the file with what outlives the watch. */
  file: string;
  /** Undefined where nothing was asked for. */
  policy: () => GuardPolicy | undefined;
  say: (line: string) => void;
}

/** The guard in the watch: what a sample means for it, and how it stands. */
export class Guarding implements Observer {
  readonly name = 'guard';
  readonly #options: GuardingOptions;
  #keeper: GuardKeeper | undefined;

  constructor(options: GuardingOptions) {
    this.#options = options;
  }

  async observe(sample: Sample): Promise<readonly WatchEvent[]> {
    const policy = this.#options.policy();
    if (!policy) return [];
    const observation = observationOf(sample, this.#options.leases);
    const events = await this.#keeperWith(policy).step(observation, (key) => this.#targetOf(sample, key));
    return events.map((event) => ({...event, atMs: sample.atMs}));
  }

  /** Null before a policy was written. */
  status(): GuardStatus | null {
    const policy = this.#options.policy();
    return policy ? guardStatus(this.#keeperWith(policy).state, policy) : null;
  }

  /** Lets everybody go. */
  async close(): Promise<void> {
    await this.#keeper?.close();
  }

  #keeperWith(policy: GuardPolicy): GuardKeeper {
    const {neighbours, file, say} = this.#options;
    return (this.#keeper ??= new GuardKeeper({
      ...{neighbours, file, say},
      policy: () => this.#options.policy() ?? policy,
    }));
  }

  #targetOf({tenants}: Sample, key: string): NeighbourTarget | undefined {
    const tenant = tenants.find((one) => one.key === key);
    if (!tenant) return undefined;
    const subject = key.startsWith('lease:') ? this.#options.leases.find(nameIn(key))?.subject : undefined;
    const containerId = subject?.kind === 'container' ? subject.id : tenant.containerId;
    if (containerId !== undefined) return {kind: 'container', id: containerId};
    return {kind: 'processes', processes: this.#options.neighbours.identify(tenant.pids)};
  }
}

const nameIn = (key: string): string => key.slice('lease:'.length);

/** What a sample says to the guard. Pure. */
export function observationOf({atMs, tenants, gateway}: Sample, leases: KnownLeases): Observation {
  return {
    atMs,
    model: gateway && loadOf(gateway),
    neighbours: tenants.flatMap(neighbourOf),
    restCores: tenants.reduce((sum, {kind, cpuRatio = 0}) => sum + (kind === 'rest' ? cpuRatio : 0), 0),
    breaches: tenants.flatMap(({key, kind, usedBytes}): Breach[] => {
      if (kind !== 'lease' || !leases.isBroken(nameIn(key))) return [];
      const leasedBytes = leases.find(nameIn(key))?.bytes;
      return leasedBytes === undefined ? [] : [{key, usedBytes, leasedBytes}];
    }),
  };
}

function loadOf({running, ttftMs, tpotMs}: NonNullable<Sample['gateway']>): Observation['model'] {
  const enough = tpotMs !== undefined && tpotMs.count >= LEAST_TOKENS;
  // Short answers may all have ended when the second does: so many streams it takes to write that much.
  const writing = enough ? Math.round((tpotMs.p50 * tpotMs.count) / 1000) : 0;
  return {
    streams: Math.max(running, writing),
    reading: (ttftMs?.count ?? 0) > 0,
    interTokenMs: enough ? tpotMs.p50 : undefined,
  };
}

function neighbourOf({key, kind, name, cpuRatio = 0, usedBytes, sinceMs}: SampledTenant): Neighbour[] {
  if (kind !== 'lease' && kind !== 'outsider') return [];
  return [{key, kind, name, cores: cpuRatio, usedBytes, sinceMs}];
}
