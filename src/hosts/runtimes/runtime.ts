import type {Secret} from '../../base/secret.ts';
import type {Bytes, Duration} from '../../base/units.ts';
import type {GatewayOrder, GatewayReply} from './gateway-order.ts';
import type {ProgramPreview} from './preview.ts';

export type RuntimeKind = 'process' | 'docker';

/**
 * A program to run on a host, as plain JSON, so that whoever keeps it alive can start it again.
 * `{address}`, `{port}` and `{token}` inside `argv` and `env` are replaced by the runtime at each start: where
 * the engine must listen (loopback, or its container's own network) and the secret that its clients must send
 * as a bearer token.
 */
export interface ProgramSpec {
  argv: readonly [string, ...string[]];
  env: Readonly<Record<string, string>>;
  /** What a container needs beside; there exactly when the program is to run in one. */
  container?: ContainerNeeds;
}

export interface ContainerNeeds {
  /** Reference of an image that is on the host. */
  image: string;
  /** Absolute folders of the host that the program sees at the same path. */
  mounts: readonly {path: string; readOnly: boolean}[];
  /** Most that it may hold of the host's RAM; no limit when undefined. */
  memoryBytes?: Bytes;
  /** Shared memory (`/dev/shm`); Docker's default when undefined. */
  sharedMemoryBytes?: Bytes;
  /** A port of the container that clients reach at this address of the host, under the same number. */
  publish?: {address: string; port: number};
  /** A folder of the container that outlives it: the next engine of the same deployment finds it as it was left. */
  cachePath?: string;
  /** GPUs that it sees, by UUID or index; none when undefined. */
  gpus?: 'all' | readonly string[];
}

export interface EngineSpec extends ProgramSpec {
  /** The release that this engine serves; its name is `engine-<release>`. */
  release: number;
  /** The id clients send as `model`. */
  model: string;
  /** Path that answers 200 when the engine is ready, 503 while it loads. */
  healthPath: string;
  /** Requests it answers at once: the gateway lets no more through. Its own limit when undefined. */
  concurrency?: number;
  /** It was started so that no answer is longer than the gateway lets through: it need not be told again. */
  capsOutput?: boolean;
  /** Bytes this engine is planned to use at its peak. */
  predictedPeakBytes: Bytes;
}

/** What a deployment consists of: its door, and the engine behind it. */
export interface GatewaySpec extends ProgramSpec {
  /** The address people use, `http://127.0.0.1:8080`. */
  url: string;
  /**
   * What measures the device beside it. It runs where its supervisor does, whatever the runtime; its container's
   * needs are what that place must see. It begins with the commit, and a change of it alone touches nothing else.
   */
  watch?: ProgramSpec;
}

export type ProgramState =
  | {state: 'running'; pid: number; since: Date; restarts: number}
  /** Ended by itself; the runtime starts it again after a pause. */
  | {state: 'waiting'; until: Date; restarts: number; lastExit: ProgramExit}
  /** Ended too often too fast, or a candidate ended: the runtime has given up. */
  | {state: 'failed'; restarts: number; lastExit: ProgramExit};

export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  at: Date;
  /** The end of its log, oldest first, at most 50 lines. */
  lastLines: readonly string[];
}

export interface ObservedEngine {
  name: string;
  release: number;
  model: string;
  program: ProgramState;
  /** Its processes on the host, the engine's own first. */
  pids: readonly number[];
}

/** What runs on the host for one deployment: the truth, whatever any client remembers. */
export type Observed =
  /** Nothing was ever committed here. */
  | {state: 'absent'}
  /** Stopped by request; `berth start` brings the committed release back. */
  | {state: 'stopped'; committedRelease: number}
  /** Should run and does not: killed, crashed or the machine restarted. */
  | {state: 'dead'; committedRelease?: number}
  | {
      state: 'running';
      /** The supervisor's process on the host. */
      supervisorPid?: number;
      since: Date;
      gateway: {url: string; program: ProgramState; pids: readonly number[]};
      engines: readonly ObservedEngine[];
      /** What measures the device; missing where it was never started. */
      watch?: ProgramState;
      committedRelease?: number;
      /** Somebody is changing the deployment right now. */
      transition?: {owner: string; since: Date};
    };

/** Where an engine can be asked, from where the caller stands. */
export interface Endpoint {
  origin: string;
  token: Secret;
}

export interface LogLine {
  /** `gateway`, `supervisor`, `engine-3`. */
  program: string;
  at?: Date;
  text: string;
}

export interface LogOptions {
  programs?: readonly string[];
  /** Lines from the end to begin with, per program. */
  tail: number;
  follow: boolean;
  signal?: AbortSignal;
}

/** How programs run on a host: one implementation per runtime, one contract suite for all. */
export interface Runtime {
  readonly kind: RuntimeKind;
  observe(deployment: string): Promise<Observed>;
  /**
   * Opens the deployment for change. Starts what keeps programs alive if it does not run, and the
   * gateway (or restarts it when `gateway` differs from what runs). Only one transition can be open;
   * a second is refused with the owner's name.
   */
  begin(deployment: string, gateway: GatewaySpec, owner: string, signal?: AbortSignal): Promise<Transition>;
  /** The programs as they would be started, without their secrets. Asks nobody. */
  preview(deployment: string, gateway: GatewaySpec, engine: EngineSpec): ProgramPreview[];
  /** Sends an order to the running gateway. */
  order(deployment: string, order: GatewayOrder): Promise<GatewayReply>;
  /**
   * Brings the committed release back after a stop, a crash or a restart of the machine; what runs is left
   * alone. Resolves when the gateway is ready and the engine spawned: whether it is healthy is the caller's
   * matter. Fails with `nothing_deployed` where nothing was ever committed.
   */
  start(deployment: string, signal?: AbortSignal): Promise<void>;
  /** Ends everything of the deployment in order (drains at most `drain`), remembering what was committed. */
  stop(deployment: string, drain: Duration): Promise<void>;
  /**
   * Asks the watch; what may be asked, and how it answers, is between it and the caller. Fails with
   * `watch_unavailable` where it does not run or does not answer.
   */
  watch(deployment: string, question: unknown, signal?: AbortSignal): Promise<unknown>;
  logs(deployment: string, options: LogOptions): AsyncIterable<LogLine>;
}

/**
 * An open change. If it is disposed, or its owner dies, before `commit`, the host by itself returns to
 * the committed release: candidates are ended, a stopped engine is started again, held requests go on.
 */
export interface Transition extends AsyncDisposable {
  /** Starts a candidate. Resolves once it is spawned; it is never restarted before `commit`. */
  startEngine(spec: EngineSpec): Promise<{name: string}>;
  engine(name: string): Promise<ProgramState>;
  endpoint(name: string): Promise<Endpoint>;
  /** Ends an engine and resolves when its processes are gone: SIGTERM, then SIGKILL after `grace`. */
  stopEngine(name: string, grace: Duration): Promise<void>;
  order(order: GatewayOrder): Promise<GatewayReply>;
  /** Sends new requests to this engine (ends a hold). */
  route(name: string): Promise<void>;
  /** From now on this engine is the deployment: kept alive, and what a later abandoned change returns to. */
  commit(name: string): Promise<void>;
}
