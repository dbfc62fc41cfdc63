import {EventEmitter, once} from 'node:events';
import {setTimeout as delay} from 'node:timers/promises';
import {describeError} from '../../../../base/errors.ts';
import type {ProgramExit, ProgramState} from '../../runtime.ts';
import {afterExit, type PastExit} from './restart-policy.ts';
import type {Run} from './starter.ts';

/** One start of a program: the run, and whether it became ready (false: it ended first). */
export interface Launch {
  run: Run;
  healthy: Promise<boolean>;
}

export interface ProgramOptions {
  name: string;
  /** Whether it is started again when it ends. */
  keep: boolean;
  launch: () => Promise<Launch>;
  /** Called each time it has become ready. */
  onHealthy: () => void;
  /** It ended by itself. `again`: it is started again after a pause; otherwise it was given up. */
  onEnded?: (again: boolean) => void;
  /** Whether a start that ended early was no fault of the program, so that it may be tried again. */
  unlucky?: () => Promise<boolean>;
  /** Writes a line to the supervisor's log. */
  say: (line: string) => void;
}

const REMEMBERED_EXITS = 100;
const UNLUCKY_STARTS = 3;

/** A program over all its runs: keeps it alive, recognises a crash loop, tells its state. */
export class Program {
  readonly name: string;
  readonly #options: ProgramOptions;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #keep: boolean;
  #state: ProgramState | undefined;
  #current: Run | undefined;
  #healthy = false;
  #restarts = 0;
  #unlucky = 0;
  #ends = 0;
  #exits: PastExit[] = [];
  #ending = new AbortController();
  #pause = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.#options = options;
    this.#keep = options.keep;
  }

  /** Undefined until it was spawned for the first time. */
  get state(): ProgramState | undefined {
    return this.#state;
  }

  /** Whether the run under way has become ready. */
  isHealthy(): boolean {
    return this.#healthy;
  }

  /** The run under way. */
  get current(): Run | undefined {
    return this.#current;
  }

  /** Runs that have ended so far. */
  get ends(): number {
    return this.#ends;
  }

  /** Starts it, or tries once more at once where it waits or was given up; resolves when it is spawned. */
  async start(): Promise<void> {
    this.#pause.abort();
    if (!this.#loop) {
      this.#exits = [];
      this.#loop = this.#run();
    }
    await this.until(() => this.#current !== undefined || this.#loop === undefined);
  }

  /** From now on it is started again when it ends. */
  keepAlive(): void {
    this.#keep = true;
  }

  /** Ends it for good: SIGTERM, SIGKILL after `grace` milliseconds. Resolves when its processes are gone. */
  async end(grace: number): Promise<void> {
    this.#ending.abort();
    this.#pause.abort();
    await this.#current?.end(grace);
    await this.#loop;
  }

  /** Resolves true when the condition holds, looking at every change; false when `deadline` ms have passed. */
  async until(condition: () => boolean, deadline?: number): Promise<boolean> {
    const limit = deadline === undefined ? undefined : AbortSignal.timeout(deadline);
    while (!condition()) {
      try {
        await once(this.#changes, 'change', limit ? {signal: limit} : {});
      } catch (error) {
        if (limit?.aborted) return condition();
        throw error;
      }
    }
    return true;
  }

  async #run(): Promise<void> {
    for (;;) {
      const exit = await this.#once();
      if (this.#ending.signal.aborted) break;
      const pauseMs = await this.#pauseAfter(exit);
      if (pauseMs === undefined) {
        this.#loop = undefined;
        this.#options.say(`${this.name} ended (${describeExit(exit)}) and is not started again`);
        this.#become({state: 'failed', restarts: this.#restarts, lastExit: exit});
        this.#options.onEnded?.(false);
        return;
      }
      this.#options.say(`${this.name} ended (${describeExit(exit)}), next start in ${pauseMs} ms`);
      this.#pause = new AbortController();
      const until = new Date(Date.now() + pauseMs);
      this.#become({state: 'waiting', until, restarts: this.#restarts, lastExit: exit});
      this.#options.onEnded?.(true);
      await delay(pauseMs, undefined, {signal: this.#pause.signal}).catch(() => undefined);
      if (this.#isEnding()) break;
      this.#restarts++;
    }
    this.#loop = undefined;
    this.#changes.emit('change');
  }

  /** One run, from start to end. */
  async #once(): Promise<ProgramExit> {
    const started = performance.now();
    let launch: Launch;
    try {
      launch = await this.#options.launch();
    } catch (error) {
      this.#remember(started);
      return {code: null, signal: null, at: new Date(), lastLines: [describeError(error)]};
    }
    const {run, healthy} = launch;
    this.#current = run;
    const {pid} = run;
    if (pid !== undefined) {
      this.#become({state: 'running', pid, since: run.since, restarts: this.#restarts});
      this.#options.say(`${this.name} started, pid ${pid}`);
    }
    if (this.#isEnding()) run.kill();
    void healthy.then((ready) => {
      if (!ready || this.#current !== run) return;
      this.#healthy = true;
      this.#options.say(`${this.name} is ready after ${Math.round(performance.now() - started)} ms`);
      this.#options.onHealthy();
      this.#changes.emit('change');
    });
    const exit = await run.exited;
    this.#remember(started);
    this.#current = undefined;
    this.#healthy = false;
    return exit;
  }

  #remember(started: number): void {
    this.#ends++;
    const atMs = performance.now();
    this.#exits = [...this.#exits, {atMs, ranMs: atMs - started, healthy: this.#healthy}].slice(
      -REMEMBERED_EXITS,
    );
  }

  /** Milliseconds until the next start; undefined when there is to be none. */
  async #pauseAfter(exit: ProgramExit): Promise<number | undefined> {
    if (this.#keep) {
      const verdict = afterExit(this.#exits);
      return verdict.verdict === 'again' ? verdict.delayMs : undefined;
    }
    const excuse = this.#exits.at(-1)?.healthy === false && exit.signal === null && this.#options.unlucky;
    if (!excuse || this.#unlucky >= UNLUCKY_STARTS || !(await excuse())) return undefined;
    this.#unlucky++;
    return 0;
  }

  #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  #become(state: ProgramState): void {
    this.#state = state;
    this.#changes.emit('change');
  }
}

function describeExit({code, signal}: ProgramExit): string {
  return signal ?? (code === null ? 'it could not be started' : `exit code ${code}`);
}
