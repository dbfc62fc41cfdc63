import type {Clock} from '../base/clock.ts';
import {describeError} from '../base/errors.ts';
import {ms} from '../base/units.ts';
import type {GatewayWindow} from '../hosts/index.ts';
import type {Observer, Sample, Sampler, Store, WatchEvent} from '../monitor/index.ts';

const TICK_MS = 1000;
/** So many seconds are written at once. */
const FLUSH_EVERY = 5;
/** Events told with the present. */
const RECENT = 20;

export interface LoopOptions {
  sampler: Pick<Sampler, 'tick'>;
  store: Pick<Store, 'append' | 'note' | 'flush' | 'events'>;
  observers: readonly Observer[];
  clock: Clock;
  say: (line: string) => void;
  /** Hears what is noted. */
  onEvents: (events: readonly WatchEvent[]) => void;
  /** After each sample, whatever came of it. */
  onTick: () => void;
  /** After each time that it wrote. */
  onFlush: () => void;
}

/** Measures each second, keeps it, and lets others look at it. One that fails or takes its time holds nobody up. */
export class Loop {
  readonly #options: LoopOptions;
  readonly #busy = new Set<Observer>();
  #recent: WatchEvent[] = [];
  sample: Sample | undefined;
  lagMs = 0;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** The last events, the newest first. */
  get recent(): readonly WatchEvent[] {
    return this.#recent;
  }

  /** Goes on until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const {clock, store, onFlush} = this.#options;
    this.#recent = store.events(0).slice(0, RECENT);
    const started = clock.elapsed();
    for (let tick = 0; !signal.aborted; tick++) {
      await this.tick();
      if (tick % FLUSH_EVERY === FLUSH_EVERY - 1) {
        store.flush();
        onFlush();
      }
      const due = started + (tick + 1) * TICK_MS;
      const wait = due - clock.elapsed();
      this.lagMs = Math.max(0, -wait);
      // Seconds that were slept through, by a machine or a stopped process, are not made up for.
      if (wait < 0) tick += Math.floor(-wait / TICK_MS);
      await clock.sleep(ms(Math.max(1, wait)), signal).catch(() => undefined);
    }
  }

  /** One second. */
  async tick(): Promise<void> {
    const {sampler, store, observers, onTick} = this.#options;
    const {sample, window, events} = await sampler.tick();
    this.note(events);
    if (sample) {
      this.sample = sample;
      store.append(sample, window);
      for (const observer of observers)
        if (!this.#busy.has(observer)) void this.#observe(observer, sample, window);
    }
    onTick();
  }

  /** Keeps what happened, and says it. */
  note(events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    this.#options.store.note(events);
    for (const event of events) this.#options.say(`${event.kind}: ${event.text}`);
    this.#recent = [...events.toReversed(), ...this.#recent].slice(0, RECENT);
    this.#options.onEvents(events);
  }

  async #observe(observer: Observer, sample: Sample, window: GatewayWindow | undefined): Promise<void> {
    this.#busy.add(observer);
    try {
      this.note(await observer.observe(sample, window));
    } catch (error) {
      this.#options.say(`${observer.name}: ${describeError(error)}`);
    } finally {
      this.#busy.delete(observer);
    }
  }
}
