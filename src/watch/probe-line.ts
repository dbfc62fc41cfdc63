import type {Clock} from '../base/clock.ts';
import {ms} from '../base/units.ts';
import type {Probed} from '../hosts/index.ts';

/** The supervisor answers a little after the gateway does, if it knows of probes at all. */
const SLACK_MS = 10_000;

/** Asks the supervisor for a probe, one at a time, and hears what came of it. */
export class ProbeLine {
  readonly #clock: Clock;
  readonly #send: (deadlineMs: number) => void;
  #waiting: ((probed: Probed | null) => void) | undefined;

  constructor(clock: Clock, send: (deadlineMs: number) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Null where nobody answered, or nobody could ask. */
  async ask(deadlineMs: number): Promise<Probed | null> {
    const {promise, resolve} = Promise.withResolvers<Probed | null>();
    this.#waiting = resolve;
    this.#send(deadlineMs);
    const over = new AbortController();
    const late = this.#clock.sleep(ms(deadlineMs + SLACK_MS), over.signal).then(
      () => null,
      () => null,
    );
    const probed = await Promise.race([promise, late]);
    over.abort();
    this.#waiting = undefined;
    return probed;
  }

  hear(probed: Probed | null): void {
    this.#waiting?.(probed);
  }
}
