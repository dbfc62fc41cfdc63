/** What the tests of runtimes stand on: a host with an own state folder, specs of the fakes, and eyes. */
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {createServer, type AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {systemClock} from '../../../src/base/clock.ts';
import {bytes, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {
  openLocalHost,
  type ContainerNeeds,
  type EngineSpec,
  type GatewaySpec,
  type Host,
  type Observed,
  type Runtime,
  type RuntimeKind,
} from '../../../src/hosts/index.ts';

const ENGINE = fileURLToPath(new URL('../../fakes/program/engine.ts', import.meta.url));
const GATEWAY = fileURLToPath(new URL('../../fakes/program/gateway.ts', import.meta.url));

/** How the fakes are started: by this Node, or by the Node of an image. */
export interface Place {
  node: string;
  container?: ContainerNeeds;
}

const HERE: Place = {node: process.execPath};

/** An engine that behaves as `env` tells the fake. */
const engineSpec = (release: number, env: Record<string, string>, {node, container}: Place): EngineSpec => ({
  release,
  model: 'fake',
  healthPath: '/health',
  predictedPeakBytes: bytes(50e6),
  argv: [node, ENGINE],
  env: {
    FAKE_ADDRESS: '{address}',
    FAKE_PORT: '{port}',
    FAKE_TOKEN: '{token}',
    FAKE_RELEASE: String(release),
    ...env,
  },
  ...(container && {container}),
});

export const gatewaySpec = (
  port: number,
  env: Record<string, string> = {},
  {node, container}: Place = HERE,
): GatewaySpec => ({
  url: `http://127.0.0.1:${port}`,
  argv: [node, GATEWAY],
  env: {
    FAKE_GATEWAY_ADDRESS: container ? '0.0.0.0' : '127.0.0.1',
    FAKE_GATEWAY_PORT: String(port),
    ...env,
  },
  ...(container && {container: {...container, publish: {address: '127.0.0.1', port}}}),
});

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const {port} = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

export const until = <T>(
  what: string,
  ask: () => Promise<T | undefined>,
  deadline = seconds(20),
): Promise<T> => waitFor(ask, {what: () => what, deadline, clock: systemClock});

/** One deployment on a host whose state is its own; everything is ended and removed at the end. */
export interface World extends AsyncDisposable {
  host: Host;
  runtime: Runtime;
  stateRoot: string;
  gateway: GatewaySpec;
  /** Another gateway of the same deployment. */
  gatewayAt(port: number, env?: Record<string, string>): GatewaySpec;
  /** An engine of this release that behaves as the fake's environment tells. */
  engine(release: number, env?: Record<string, string>): EngineSpec;
  /** Deploys a release the short way: start, route, commit, end the former. */
  deploy(spec: EngineSpec): Promise<void>;
  observe(): Promise<Observed>;
  running(): Promise<Extract<Observed, {state: 'running'}>>;
  /** Where what listens at this address of the host is reached from here. */
  reach(url: string): Promise<string>;
  /** A program of the host's that listens on a port of its loopback, until it is disposed. */
  holdPort(port: number): Promise<{pid: number} & AsyncDisposable>;
  /** The answer of a path through the gateway. */
  ask(path: string): Promise<{status: number; body: string}>;
  /** Waits until the gateway's requests are answered by this release. */
  answeredBy(release: number): Promise<void>;
  /** Kills a process of the host. */
  kill(pid: number): Promise<void>;
  /** A file that the engines of this world see. */
  flag: string;
  /** Ids of living processes that belong to the deployment, its supervisor's left out. */
  marked(): Promise<number[]>;
}

export const DEPLOYMENT = 'demo';

/** A world on this machine, with programs as plain processes. */
export async function processWorld(): Promise<World> {
  const stateRoot = await mkdtemp(join(tmpdir(), 'berth-hosts-'));
  const host = openLocalHost({
    stateRoot,
    clock: systemClock,
    compileCache: join(tmpdir(), 'berth-test-compiled'),
    env: process.env,
  });
  const world = await worldOn({
    host,
    kind: 'process',
    place: HERE,
    flag: join(stateRoot, 'flag'),
    ...thisMachine,
    async marked() {
      const observed = await world.observe();
      const supervisor = observed.state === 'running' ? observed.supervisorPid : undefined;
      return (await markedPids(join(stateRoot, DEPLOYMENT))).filter((pid) => pid !== supervisor);
    },
    cleanUp: () => rm(stateRoot, {recursive: true, force: true}),
  });
  return world;
}

/** What is done to this machine, which is the host. */
export const thisMachine: Pick<World, 'kill' | 'reach' | 'holdPort'> = {
  kill: (pid) => Promise.resolve(void process.kill(pid, 'SIGKILL')),
  reach: (url) => Promise.resolve(url),
  async holdPort(port) {
    const holder = createServer();
    await new Promise<void>((listening) => holder.listen(port, '127.0.0.1', listening));
    return {pid: process.pid, [Symbol.asyncDispose]: () => holder[Symbol.asyncDispose]()};
  },
};

interface WorldOptions extends Pick<World, 'host' | 'flag' | 'kill' | 'marked' | 'reach' | 'holdPort'> {
  kind: RuntimeKind;
  place: Place;
  cleanUp: () => Promise<void>;
}

export async function worldOn({host, kind, place, cleanUp, ...eyes}: WorldOptions): Promise<World> {
  const runtime = await host.runtime(kind);
  const gatewayAt = (port: number, env: Record<string, string> = {}): GatewaySpec =>
    gatewaySpec(port, env, place);
  const gateway = gatewayAt(await freePort());
  const world: World = {
    ...eyes,
    host,
    runtime,
    stateRoot: host.stateRoot,
    gateway,
    gatewayAt,
    engine: (release, env = {}) => engineSpec(release, env, place),
    async deploy(spec) {
      await using transition = await runtime.begin(DEPLOYMENT, gateway, 'the test');
      const {name} = await transition.startEngine(spec);
      await healthy(transition, name);
      await transition.route(name);
      await transition.commit(name);
    },
    observe: () => runtime.observe(DEPLOYMENT),
    async running() {
      const observed = await runtime.observe(DEPLOYMENT);
      if (observed.state !== 'running') throw new Error(`the deployment is ${observed.state}`);
      return observed;
    },
    async ask(path) {
      const url = await eyes.reach(gateway.url);
      const response = await fetch(`${url}${path}`, {headers: {connection: 'close'}});
      return {status: response.status, body: await response.text()};
    },
    async answeredBy(release) {
      await until(`release ${release} to answer`, async () => {
        const answer = await world.ask('/who').catch(() => undefined);
        if (answer?.status !== 200) return undefined;
        return (JSON.parse(answer.body) as {release: number}).release === release ? true : undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      await runtime.stop(DEPLOYMENT, seconds(0));
      await host[Symbol.asyncDispose]();
      await cleanUp();
    },
  };
  return world;
}

interface Engines {
  endpoint: (name: string) => Promise<{origin: string; token: {reveal(): string}}>;
}

/** Asks an engine itself, as a gate does. */
export async function askEngine(
  engines: Engines,
  name: string,
  path: string,
  method = 'GET',
  signal?: AbortSignal,
): Promise<Response> {
  const {origin, token} = await engines.endpoint(name);
  const headers = {authorization: `Bearer ${token.reveal()}`, connection: 'close'};
  return await fetch(`${origin}${path}`, {method, headers, ...(signal && {signal})});
}

export const healthy = (engines: Engines, name: string): Promise<true> =>
  until(`${name} to be healthy`, async () => {
    // Where it was to listen somebody else may, who never answers.
    const limit = AbortSignal.timeout(1000);
    const response = await askEngine(engines, name, '/health', 'GET', limit).catch(() => undefined);
    return response?.status === 200 ? true : undefined;
  });

/** Read by the test itself, so that it does not believe the code it tests. */
async function markedPids(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const marks = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return text.split('\0').includes(`BERTH_DEPLOYMENT=${folder}`) ? [Number(pid)] : [];
    }),
  );
  return marks.flat();
}
