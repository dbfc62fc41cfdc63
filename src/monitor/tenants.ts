import {outsiderKey, withDescendants, type ProcessReading, type Reading} from '../card/index.ts';
import type {Told} from '../hosts/index.ts';
import type {SampledTenant, TenantKind} from './sample.ts';

/** Outsiders that hold most are named one by one, and so are those that keep a part of a core busy. */
const NAMED = 8;
const BUSY_CORES = 0.2;
const MOST_NAMED = 24;

export interface Whose {
  told: Pick<Told, 'supervisorPid' | 'gatewayPid' | 'engines'>;
  /** This process: a child of the supervisor, also where that one is not seen. */
  watchPid: number;
  /** The leases that processes live on, by PID. */
  leases?: ReadonlyMap<number, string> | undefined;
  /** Names of containers by their ids, where they are known. */
  containers?: ((id: string) => string | undefined) | undefined;
  /** Cores in use by PID. */
  cores: ReadonlyMap<number, number>;
}

/** Everyone on the device by name; together they hold what is used. Pure. */
export function tenantsOf(
  reading: Reading,
  {told, watchPid, leases, containers, cores}: Whose,
): SampledTenant[] {
  const {processes, usedBytes} = reading;
  const model = pidsOf(
    processes,
    told.engines.map(({pid}) => pid),
  );
  const own = [told.supervisorPid, told.gatewayPid, watchPid].filter((pid) => pid !== undefined);
  const berth = pidsOf(processes, own);
  const groups = Map.groupBy(processes, (one): string => {
    if (model.has(one.pid)) return 'model';
    if (berth.has(one.pid)) return 'berth';
    const lease = leases?.get(one.pid);
    if (lease !== undefined) return `lease:${lease}`;
    return outsiderKey(one);
  });
  const modelName = told.engines.find(({serving}) => serving)?.model ?? told.engines[0]?.model ?? 'model';
  const all = [...groups].map(([key, members]) => tenantOf(key, {modelName, containers, cores}, members));
  const outsiders = all.filter(({kind}) => kind === 'outsider').sort(largestFirst);
  const named = outsiders
    .filter(({cpuRatio = 0}, at) => at < NAMED || cpuRatio >= BUSY_CORES)
    .slice(0, MOST_NAMED);
  const rest = outsiders.filter((one) => !named.includes(one));
  const attributed = all.reduce((sum, one) => sum + one.usedBytes, 0);
  return [
    ...all.filter(({kind}) => kind !== 'outsider').sort((a, b) => RANK[a.kind] - RANK[b.kind]),
    ...named,
    ...(rest.length > 0 ? [together(rest)] : []),
    {
      key: 'unattributed',
      kind: 'unattributed',
      name: 'unattributed',
      usedBytes: Math.max(0, usedBytes - attributed),
      pids: [],
    },
  ];
}

const RANK: Readonly<Record<TenantKind, number>> = {
  model: 0,
  berth: 1,
  lease: 2,
  outsider: 3,
  rest: 4,
  unattributed: 5,
};

const pidsOf = (processes: readonly ProcessReading[], of: readonly number[]): ReadonlySet<number> =>
  new Set(withDescendants(processes, of).map(({pid}) => pid));

const largestFirst = (a: {usedBytes: number}, b: {usedBytes: number}): number => b.usedBytes - a.usedBytes;

const kindOf = (key: string): TenantKind =>
  key === 'model' || key === 'berth' ? key : key.startsWith('lease:') ? 'lease' : 'outsider';

function tenantOf(
  key: string,
  {modelName, containers, cores}: Pick<Whose, 'containers' | 'cores'> & {modelName: string},
  members: readonly ProcessReading[],
): SampledTenant {
  const kind = kindOf(key);
  const largest = members.toSorted(largestFirst)[0];
  const busy = members.flatMap(({pid}) => cores.get(pid) ?? []);
  const starts = members.flatMap(({startedAt}) => startedAt?.getTime() ?? []);
  const users = new Set(members.map(({user}) => user));
  const containerId = key.startsWith('container:') ? key.slice('container:'.length) : undefined;
  const container = containerId === undefined ? undefined : containers?.(containerId);
  const named = {model: modelName, berth: 'berth', lease: key.slice('lease:'.length)};
  return {
    key,
    kind,
    name: kind in named ? named[kind as keyof typeof named] : (container ?? largest?.name ?? ''),
    usedBytes: members.reduce((sum, one) => sum + one.usedBytes, 0),
    ...(busy.length > 0 && {cpuRatio: busy.reduce((sum, one) => sum + one, 0)}),
    pids: members.map(({pid}) => pid),
    ...(containerId !== undefined && {containerId}),
    ...(users.size === 1 && largest?.user !== undefined && {user: largest.user}),
    ...(starts.length > 0 && {sinceMs: Math.min(...starts)}),
    ...(largest && kind !== 'berth' && {command: largest.command}),
  };
}

const together = (rest: readonly SampledTenant[]): SampledTenant => ({
  key: 'rest',
  kind: 'rest',
  name: 'others',
  usedBytes: rest.reduce((sum, one) => sum + one.usedBytes, 0),
  cpuRatio: rest.reduce((sum, {cpuRatio = 0}) => sum + cpuRatio, 0),
  pids: rest.flatMap(({pids}) => pids),
});
