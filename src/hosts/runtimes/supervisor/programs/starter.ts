import type {EngineSpec, GatewaySpec, ProgramExit, ProgramSpec} from '../../runtime.ts';
import type {LogFile} from '../logs/log-file.ts';

/** One run of a program, from its start to its end: a child process, or a container. */
export interface Run {
  /** The program's own process on the host; undefined when it could not be started. */
  readonly pid: number | undefined;
  readonly since: Date;
  /** Settles when the program and whatever it started are gone. */
  readonly exited: Promise<ProgramExit>;
  /** The end of what it printed, oldest first. */
  readonly lastLines: readonly string[];
  /** SIGTERM, and SIGKILL to all of it after `graceMs`; resolves when it is gone. */
  end(graceMs: number): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

export interface EngineRun extends Run {
  /** Where gateway and supervisor find it. */
  readonly origin: string;
  /** Bearer token that it demands; new at each run. */
  readonly token: string;
  /** Whether an early end was no fault of the program's, so that it may be tried again. */
  wasUnlucky(): Promise<boolean>;
}

export interface GatewayRun extends Run {
  /** Sends a message; false when the program cannot be reached any more. */
  send(message: object): Promise<boolean>;
}

/** How a supervisor starts programs. Each rejects when a run cannot even be tried. */
export interface Starter {
  engine(spec: EngineSpec, name: string, log: LogFile): Promise<EngineRun>;
  /** `hear` is called with what the gateway says. */
  gateway(spec: GatewaySpec, log: LogFile, hear: (message: unknown) => void): Promise<GatewayRun>;
  /** A child of the supervisor's own process, whatever the others are. `hear` is called with what it says. */
  watch(spec: ProgramSpec, log: LogFile, hear: (message: unknown) => void): Promise<GatewayRun>;
  /** Whether the watch is to reach the world outside from now on. Where it always does, nothing is done. */
  outward(wanted: boolean): Promise<void>;
  /** For each run the ids of its processes on the host, its own first. */
  pidsOf(runs: readonly Run[]): Promise<number[][]>;
}

/** Thrown by a starter when the gateway's address is another's. */
export class AddressTaken extends Error {
  constructor(cause: unknown) {
    super('the address is taken', {cause});
    this.name = 'AddressTaken';
  }
}

/** What every program of a deployment is started with. */
export interface Surroundings {
  starter: Starter;
  openLog: (program: string) => LogFile;
  /** Writes a line to the supervisor's own log. */
  say: (line: string) => void;
  /** The supervisor's process, where it is one of the host's own. */
  supervisorPid?: number;
}
