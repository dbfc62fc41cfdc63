import type {Duplex} from 'node:stream';
import {z} from 'zod';
import {bytes, type Bytes} from '../../../base/units.ts';
import type {Docker} from '../../docker/docker.ts';
import {LABEL} from '../../runtimes/docker/names.ts';

/** A container of a host that is, or is to become, a neighbour of the model. */
export interface TenantContainer {
  /** 64 hex digits. */
  id: string;
  name: string;
  running: boolean;
  /** Of its first process on the host; missing while it does not run. */
  pid?: number;
  /** The RAM limit that Docker has been given for it; missing when there is none. */
  memoryLimitBytes?: Bytes;
  /** The deployment that it is a part of. */
  deployment?: string;
  /** What it starts, entrypoint and arguments, after the image's own. */
  entrypoint: readonly string[];
  argv: readonly string[];
}

/** Containers as neighbours: found and limited. Dispose it to close its idle streams. */
export interface TenantContainers extends Disposable {
  /** By name, id or the beginning of an id; undefined when there is none. */
  find(name: string): Promise<TenantContainer | undefined>;
  /** Names of those that run, by id (64 hex digits). */
  names(): Promise<ReadonlyMap<string, string>>;
  /** The newest that was started for this lease. */
  ofLease(lease: string): Promise<TenantContainer | undefined>;
  /** Limits its RAM, swap included, from now on. */
  limitMemory(id: string, limitBytes: Bytes): Promise<void>;
  /** Takes the limit away: Docker can only raise it, so to all there is. */
  liftMemory(id: string): Promise<void>;
  start(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

/** On containers that were started for a lease: its name. */
export const LEASE_LABEL = 'dev.berth.lease';

const words = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const inspectSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  State: z.object({Running: z.boolean(), Pid: z.number()}),
  HostConfig: z.object({Memory: z.number().default(0)}),
  Config: z.object({
    Labels: z
      .record(z.string(), z.string())
      .nullish()
      .transform((labels) => labels ?? {}),
    Entrypoint: words,
    Cmd: words,
  }),
});

/** The containers of the engine behind `connect` (see `Host.connectDocker`). Loads the library for it only now. */
export async function openTenantContainers(connect: () => Promise<Duplex>): Promise<TenantContainers> {
  const [{openDocker}, {removeContainer}, {apiStatus, asking}] = await Promise.all([
    import('../../docker/docker.ts'),
    import('../../docker/container.ts'),
    import('../../docker/failures.ts'),
  ]);
  const docker: Docker = openDocker(connect);
  const find = async (name: string): Promise<TenantContainer | undefined> => {
    try {
      return containerOf(await docker.raw.getContainer(name).inspect());
    } catch (error) {
      if (apiStatus(error) === 404) return undefined;
      throw error;
    }
  };
  return {
    find: (name) => asking(() => find(name)),
    names: () =>
      asking(async () => {
        const running = await docker.raw.listContainers();
        return new Map(running.map(({Id, Names: [name = Id]}) => [Id, plainName(name)]));
      }),
    ofLease: (lease) =>
      asking(async () => {
        const filters = {label: [`${LEASE_LABEL}=${lease}`]};
        const [newest] = await docker.raw.listContainers({all: true, filters});
        return newest && find(newest.Id);
      }),
    limitMemory: (id, limitBytes) =>
      asking(async () => {
        await docker.raw.getContainer(id).update({Memory: limitBytes, MemorySwap: limitBytes});
      }),
    liftMemory: (id) =>
      asking(async () => {
        const {memoryBytes} = await docker.info();
        // "No limit" for swap would be refused by v1 groups while a limit for RAM stands.
        await docker.raw.getContainer(id).update({Memory: memoryBytes, MemorySwap: 2 * memoryBytes});
      }),
    start: (id) =>
      asking(async () => {
        await docker.raw.getContainer(id).start();
      }),
    remove: (id) => asking(() => removeContainer(docker.raw.getContainer(id))),
    [Symbol.dispose]: () => docker[Symbol.dispose](),
  };
}

function containerOf(found: unknown): TenantContainer {
  const {Id, Name, State, HostConfig, Config} = inspectSchema.parse(found);
  const deployment = Config.Labels[LABEL.deployment];
  return {
    id: Id,
    name: plainName(Name),
    running: State.Running,
    ...(State.Running && State.Pid > 0 && {pid: State.Pid}),
    ...(HostConfig.Memory > 0 && {memoryLimitBytes: bytes(HostConfig.Memory)}),
    ...(deployment !== undefined && {deployment}),
    entrypoint: Config.Entrypoint,
    argv: Config.Cmd,
  };
}

/** Docker writes names with a slash before them. */
const plainName = (name: string): string => name.replace(/^\//, '');
