import {isDeepStrictEqual} from 'node:util';
import {describeError} from '../../../base/errors.ts';
import type {ProgramSpec, ProgramState} from '../runtime.ts';
import {WatchProgram, type WatchHooks} from './programs/watch-program.ts';
import type {Surroundings} from './programs/starter.ts';
import {SupervisorFailure} from './wire.ts';

/** It writes down what it knows when it is told to end. Milliseconds. */
const GRACE_MS = 2000;

/** Sees to it that the wanted watch runs, and no other. Nobody waits for it, and it fails nobody. */
export class WatchKeeper {
  readonly #surroundings: Surroundings;
  readonly #hooks: WatchHooks;
  #watch: WatchProgram | undefined;
  #over = false;
  #change: Promise<void> = Promise.resolve();

  constructor(surroundings: Surroundings, hooks: WatchHooks) {
    this.#surroundings = surroundings;
    this.#hooks = hooks;
  }

  /** Undefined while there is none. */
  get state(): ProgramState | undefined {
    return this.#watch?.program.state;
  }

  /** From now on this one is kept alive; none when undefined. */
  keep(spec: ProgramSpec | undefined): void {
    const {say} = this.#surroundings;
    const change = async (): Promise<void> => {
      if (this.#over || isDeepStrictEqual(this.#watch?.spec, spec)) return;
      await this.#watch?.end(GRACE_MS);
      this.#watch = spec && new WatchProgram(spec, this.#surroundings, this.#hooks);
      await this.#watch?.program.start();
    };
    this.#change = this.#change.then(change).catch((error: unknown) => {
      say(`the watch could not be changed: ${describeError(error)}`);
    });
  }

  /** Tries one again that was given up. */
  revive(): void {
    void this.#watch?.program.start();
  }

  /** Asks it. Fails with `watch_unavailable`. */
  async ask(question: unknown): Promise<unknown> {
    if (!this.#watch) throw new SupervisorFailure({code: 'watch_unavailable', reason: ''});
    return await this.#watch.ask(question);
  }

  /** Ends it for good, also one that is just being started. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#change;
    await this.#watch?.end(GRACE_MS);
    this.#watch = undefined;
  }
}
