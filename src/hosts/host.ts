import type {Duplex, Readable} from 'node:stream';
import type {Bytes, Duration} from '../base/units.ts';
import type {Runtime, RuntimeKind} from './runtimes/runtime.ts';

/** A machine, this one or one reached over SSH. Everything Berth does to a machine goes through this. */
export interface Host extends AsyncDisposable {
  /** `local`, or the name given at `berth host add`. */
  readonly name: string;
  readonly kind: 'local' | 'ssh';
  /** Where this host keeps deployments' state; one folder a deployment. */
  readonly stateRoot: string;
  /** Where it keeps what can be made or fetched again, such as weights. */
  readonly cacheRoot: string;
  readonly files: HostFiles;
  facts(): Promise<HostFacts>;
  /** Who listens on a TCP port of the host, or undefined when it is free. */
  portHolder(address: string, port: number): Promise<PortHolder | undefined>;
  /** How programs run there. Its libraries are loaded when it is first asked for. */
  runtime(kind: RuntimeKind): Promise<Runtime>;
  /**
   * A fresh stream to the API of the host's Docker, for one HTTP connection. Fails with `docker_missing`,
   * `docker_forbidden` or `docker_not_running`.
   */
  connectDocker(): Promise<Duplex>;
  /** A file there that is too large to be read whole; undefined when there is none that may be read. */
  largeFile(path: string): Promise<LargeFile | undefined>;
  /** Runs a program there to its end, whatever its exit code; null when a signal ended it. */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RanThere>;
  /** A program in a short-lived container, as a stream: its input and its output. It ends with the stream. */
  runInImage(program: ImageProgram): Promise<Duplex>;
  /**
   * A way from this machine to a port of the host's loopback (of this machine, when the host is local). It begins at
   * the loopback port `own`, or at one that is free.
   */
  tunnel(port: number, own?: number): Promise<Tunnel>;
}

export interface LargeFile {
  readonly totalBytes: Bytes;
  /** The bytes from `start` to `end` (exclusive). Fewer come when the file has become shorter. */
  read(start: number, end: number): Promise<Readable>;
}

export interface RunOptions {
  /** Fails when the program has not ended by then; 30 s unless told. */
  deadline?: Duration;
  signal?: AbortSignal;
}

export interface RanThere {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What an image of Berth's is to do on a host for a moment, with the least rights that this takes. */
export interface ImageProgram {
  /** Reference of an image that is on the host. */
  image: string;
  argv: readonly [string, ...string[]];
  /** `owner`: with the rights of the account that deploys there. `observer`: may look at every process. */
  as: 'owner' | 'observer';
  /** Whether it can reach the network; nobody can reach it. */
  network: boolean;
  /** Absolute folders of the host that it sees at the same path, made when they are not there. */
  mounts: readonly {path: string; readOnly: boolean}[];
  /** Sees every GPU of the host. */
  gpus: boolean;
}

/** Its other end is a port of a host's loopback. Disposing it closes what still goes through it. */
export interface Tunnel extends AsyncDisposable {
  /** `http://127.0.0.1:41234`: what to ask instead of the host's own address. */
  origin: string;
}

export interface HostFacts {
  hostname: string;
  platform: NodeJS.Platform;
  /** `Debian GNU/Linux 12 (bookworm)` where it can be known. */
  os: string;
  arch: string;
  user: string;
}

/** A process that holds a port; `pid` and `name` are missing when the OS does not tell. */
export interface PortHolder {
  port: number;
  pid?: number;
  name?: string;
}

/** Small files of state on the host. Paths are absolute. */
export interface HostFiles {
  /** The text, or undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Replaces the file in one step (mode 0600 unless told), making parent folders (0700). */
  write(path: string, content: string, mode?: number): Promise<void>;
  /** Makes a folder; false when it was there already. This is the atomic test-and-set of the deploy lock. */
  claimFolder(path: string): Promise<boolean>;
  /** Renames a file or folder in one step. */
  move(from: string, to: string): Promise<void>;
  /** Names inside a folder, sorted; empty when there is none. */
  list(path: string): Promise<string[]>;
  /** Removes a file or a folder with what is in it; nothing to remove is fine. */
  remove(path: string): Promise<void>;
}
