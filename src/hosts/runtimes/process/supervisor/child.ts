import {spawn, type ChildProcess} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import type {Readable} from 'node:stream';
import {identify, isAlive, type ProcessIdentity} from '../../../local/processes.ts';
import type {ProgramExit} from '../../runtime.ts';
import {RUN_MARK} from '../../supervisor/paths.ts';
import {sweepRun} from '../sweep.ts';
import {LineSplitter} from '../../supervisor/logs/lines.ts';
import type {LogFile} from '../../supervisor/logs/log-file.ts';
import type {GatewayRun} from '../../supervisor/programs/starter.ts';

export interface ChildOptions {
  argv: readonly [string, ...string[]];
  env: Readonly<Record<string, string>>;
  cwd: string;
  log: LogFile;
  /** Called with what the program sends over its IPC channel. */
  onMessage?: (message: unknown) => void;
}

const KEPT_LINES = 50;
/** Time for the last output to arrive after the process ended, should a grandchild hold its pipes open. */
const LAST_OUTPUT_MS = 200;

/**
 * One run of a program: in its own process group, so that a Ctrl-C in somebody's terminal does not
 * reach it, and with an IPC channel, whose end tells it that the supervisor is gone.
 */
export class Child implements GatewayRun {
  /** Marks every process of this run, so that none can outlive it unseen. */
  readonly mark = randomBytes(8).toString('hex');
  readonly since = new Date();
  readonly identity: ProcessIdentity | undefined;
  /** Settles when the process and whatever it started are gone. */
  readonly exited: Promise<ProgramExit>;
  readonly #process: ChildProcess;
  readonly #log: LogFile;
  #lastLines: string[] = [];
  #gone = false;

  constructor(options: ChildOptions) {
    const [program, ...args] = options.argv;
    this.#log = options.log;
    this.#process = spawn(program, args, {
      cwd: options.cwd,
      env: {...options.env, [RUN_MARK]: this.mark},
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      windowsHide: true,
    });
    this.identity = this.#process.pid === undefined ? undefined : identify(this.#process.pid);
    const {onMessage} = options;
    if (onMessage) this.#process.on('message', onMessage);
    this.#listen(this.#process.stdout);
    this.#listen(this.#process.stderr);
    this.exited = this.#watch();
  }

  get pid(): number | undefined {
    return this.identity?.pid;
  }

  /** The end of what it printed, oldest first. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Sends a message; false when the program cannot be reached any more. */
  send(message: object): Promise<boolean> {
    if (!this.#process.connected) return Promise.resolve(false);
    const {promise, resolve} = Promise.withResolvers<boolean>();
    this.#process.send(message, (error) => resolve(error === null));
    return promise;
  }

  /** SIGTERM, and SIGKILL to its whole group after `grace` milliseconds; resolves when it is gone. */
  async end(grace: number): Promise<void> {
    if (this.#gone || !this.identity) return;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), grace);
    await this.exited;
    clearTimeout(timer);
  }

  /** Ends it at once. */
  kill(): void {
    if (this.#gone || !this.identity) return;
    if (process.platform === 'win32') this.#process.kill('SIGKILL');
    else if (isAlive(this.identity)) killGroup(this.identity.pid);
  }

  #listen(stream: Readable | null): void {
    const splitter = new LineSplitter();
    const take = (lines: string[]): void => {
      this.#log.write(lines);
      this.#lastLines = [...this.#lastLines, ...lines.slice(-KEPT_LINES)].slice(-KEPT_LINES);
    };
    stream?.on('data', (chunk: Buffer) => take(splitter.feed(chunk)));
    stream?.on('end', () => take(splitter.end()));
  }

  async #watch(): Promise<ProgramExit> {
    const {promise, resolve} = Promise.withResolvers<{code: number | null; signal: NodeJS.Signals | null}>();
    const closed = Promise.withResolvers<undefined>();
    // The last line and the last message may arrive after the process has ended.
    const open = new Set(['close', 'disconnect']);
    for (const event of open) {
      this.#process.once(event, () => {
        open.delete(event);
        if (open.size === 0) closed.resolve(undefined);
      });
    }
    this.#process.once('exit', (code, signal) => resolve({code, signal}));
    this.#process.on('error', (error) => {
      // Only a program that could not be started ends here; 127 is what a shell would say.
      if (this.#process.pid !== undefined) return;
      this.#lastLines.push(error.message);
      this.#log.write([error.message]);
      closed.resolve(undefined);
      resolve({code: 127, signal: null});
    });
    const end = await promise;
    this.#gone = true;
    const late = setTimeout(() => closed.resolve(undefined), LAST_OUTPUT_MS);
    await closed.promise;
    clearTimeout(late);
    await sweepRun(this.mark);
    return {...end, at: new Date(), lastLines: this.#lastLines};
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}
