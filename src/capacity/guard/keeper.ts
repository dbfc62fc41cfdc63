import {readFileSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {describeError, systemCode} from '../../base/errors.ts';
import {writeJson} from '../../base/files.ts';
import type {Hold, Neighbours, NeighbourTarget, ProcessIdentity} from '../../hosts/neighbours/hold/index.ts';
import {decide, type GuardOrder} from './decide.ts';
import type {GuardEvent} from './events.ts';
import type {Observation} from './observation.ts';
import type {GuardPolicy} from './policy.ts';
import {freshState, type GuardState} from './state.ts';

/** What outlives the watch. Written before anything is done, so that a killed watch can undo or go on. */
interface Kept {
  schema: 'berth.guard/1';
  state: GuardState;
  /** What is done to each neighbour, the oldest first. */
  holds: Record<string, Hold[]>;
  /** What could not be undone yet. */
  owed: Hold[];
}

export interface GuardKeeperOptions {
  neighbours: Neighbours;
  /** Absolute path of the file with what outlives the watch. */
  file: string;
  /** Read at each step, so that it may change. */
  policy: () => GuardPolicy;
  /** Writes a line to the log. */
  say: (line: string) => void;
}

/** What a stopped neighbour gets to end by itself. Milliseconds. */
const GRACE_MS = 10_000;
/** What was learned is saved this often; what was done, at once. Milliseconds of the wall clock. */
const SAVE_EVERY_MS = 60_000;
const OWED_EVERY_MS = 10_000;

/** Who a key means now; undefined when it is nobody that anything can be done to. */
export type TargetOf = (key: string) => NeighbourTarget | undefined;

/** Carries out what the guard decides, and remembers it. One at a time: a step waits for the one before it. */
export class GuardKeeper {
  readonly #options: GuardKeeperOptions;
  readonly #kept: Kept;
  #queue: Promise<unknown> = Promise.resolve();
  #savedMs = 0;
  #owedMs = 0;
  /** What was taken over from a watch that was killed is done once more, in case it never was. */
  #resumed = false;

  constructor(options: GuardKeeperOptions) {
    this.#options = options;
    this.#kept = readKept(options.file, options.say) ?? {
      schema: 'berth.guard/1',
      state: freshState(),
      holds: {},
      owed: [],
    };
  }

  get state(): GuardState {
    return this.#kept.state;
  }

  /** One second: decides, does it, and tells what happened. */
  step(observation: Observation, targetOf: TargetOf): Promise<GuardEvent[]> {
    return this.#inTurn(() => this.#step(observation, targetOf));
  }

  /** Lets everybody go: nobody watches any more. What was learned is kept. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      for (const key of Object.keys(this.#kept.holds)) await this.#release(key, undefined);
      this.#kept.state = {...this.#kept.state, handled: {}};
      await this.#save();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #step(observation: Observation, targetOf: TargetOf): Promise<GuardEvent[]> {
    if (!this.#resumed) await this.#resume();
    const {state, orders, events} = decide(this.#kept.state, observation, this.#options.policy());
    this.#kept.state = state;
    const failures: GuardEvent[] = [];
    for (const order of orders) {
      const failed = await this.#carryOut(order, targetOf);
      if (failed !== undefined) failures.push(failed);
    }
    await this.#payOwed(observation.atMs);
    const due = Math.abs(observation.atMs - this.#savedMs) >= SAVE_EVERY_MS;
    if (orders.length > 0 || due) await this.#save();
    if (due || this.#savedMs === 0) this.#savedMs = observation.atMs;
    return [...events, ...failures];
  }

  async #carryOut(order: GuardOrder, targetOf: TargetOf): Promise<GuardEvent | undefined> {
    if (order.order === 'undo') {
      await this.#release(order.key, targetOf(order.key));
      return undefined;
    }
    const {key, name} = order;
    try {
      const target = targetOf(key);
      if (!target) throw new Error('nobody knows its processes');
      const hold = await this.#options.neighbours.prepare(order.order, target);
      this.#kept.holds[key] = [...(this.#kept.holds[key] ?? []), hold];
      await this.#save();
      await this.#options.neighbours.hold(hold, GRACE_MS);
      return undefined;
    } catch (error) {
      // What is behind it is said in it.
      const reason = error instanceof Error ? error.message : String(error);
      const {handled} = this.#kept.state;
      const one = handled[key];
      if (one)
        this.#kept.state = {...this.#kept.state, handled: {...handled, [key]: {...one, failed: reason}}};
      return {
        kind: 'guard-action',
        tenant: key,
        text: `${name} could not be ${PARTICIPLE[order.order]}: ${reason}.`,
        numbers: {action: order.order, failed: reason},
      };
    }
  }

  /** Undoes all that was done to a neighbour, the newest first. What fails is tried again later. */
  async #release(key: string, target: NeighbourTarget | undefined): Promise<void> {
    const holds = this.#kept.holds[key] ?? [];
    this.#kept.holds = Object.fromEntries(
      Object.entries(this.#kept.holds).filter(([other]) => other !== key),
    );
    const joined: readonly ProcessIdentity[] = target?.kind === 'processes' ? target.processes : [];
    for (const hold of holds.toReversed()) {
      try {
        await this.#options.neighbours.release(hold, joined);
      } catch (error) {
        this.#options.say(`guard: ${key} could not be let go yet: ${describeError(error)}`);
        this.#kept.owed.push(hold);
      }
    }
  }

  async #payOwed(atMs: number): Promise<void> {
    if (this.#kept.owed.length === 0 || Math.abs(atMs - this.#owedMs) < OWED_EVERY_MS) return;
    this.#owedMs = atMs;
    const owed = this.#kept.owed.splice(0);
    for (const hold of owed) {
      try {
        await this.#options.neighbours.release(hold, []);
      } catch {
        // Said when it failed for the first time.
        this.#kept.owed.push(hold);
      }
    }
    if (this.#kept.owed.length < owed.length) await this.#save();
  }

  async #resume(): Promise<void> {
    this.#resumed = true;
    for (const [key, holds] of Object.entries(this.#kept.holds)) {
      const handled = this.#kept.state.handled[key];
      if (!handled) {
        await this.#release(key, undefined);
        continue;
      }
      for (const hold of holds.filter(({action}) => action !== 'stop')) {
        try {
          await this.#options.neighbours.hold(hold, GRACE_MS);
        } catch (error) {
          this.#options.say(`guard: ${key} could not be held again: ${describeError(error)}`);
        }
      }
    }
  }

  async #save(): Promise<void> {
    try {
      await mkdir(dirname(this.#options.file), {recursive: true, mode: 0o700});
      await writeJson(this.#options.file, this.#kept);
    } catch (error) {
      // A full disk must not end the guard: it acts on, and only a killed watch would forget.
      this.#options.say(`guard: what was done could not be written down: ${describeError(error)}`);
    }
  }
}

const PARTICIPLE: Record<'lower' | 'pause' | 'stop', string> = {
  lower: 'lowered',
  pause: 'paused',
  stop: 'stopped',
};

/** Written by this program alone, so its shape is not checked beyond its name; one that is damaged is none. */
function readKept(file: string, say: (line: string) => void): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept>;
    if (kept.schema === 'berth.guard/1' && kept.state && kept.holds && kept.owed) return kept as Kept;
    say(`guard: ${file} is of another version and is not used`);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') say(`guard: ${file} cannot be read: ${describeError(error)}`);
  }
  return undefined;
}
