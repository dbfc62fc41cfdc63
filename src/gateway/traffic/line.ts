import type {Clock} from '../../base/clock.ts';
import type {Upstream} from '../../hosts/index.ts';
import {noEngine, queueFull} from '../http/api-error.ts';
import {openRoute, type Route} from './route.ts';

/** Requests let through at once when neither the settings nor the route say: a backstop, not a target. */
const DEFAULT_CONCURRENCY = 256;

/** A request's permission to go to an engine. It must be left exactly once. */
export interface Place {
  readonly route: Route;
  leave(): void;
}

/** How a request may wait. */
export interface Ticket {
  /** It had a place before, so it goes first. */
  again?: boolean;
  /** It costs the engine nothing (a list of models): it needs a route, but takes nobody's place. */
  light?: boolean;
}

interface Waiter {
  since: number;
  light: boolean;
  admit(place: Place): void;
  refuse(error: Error): void;
  /** Running out while held. */
  timer: NodeJS.Timeout | undefined;
}

export interface LineOptions {
  clock: Clock;
  queue: number;
  concurrency: number | undefined;
}

/**
 * Where requests wait: for a place at the engine (first come, first served), and, during a hold, for the
 * next route. Leaving clients are taken out at once.
 */
export class Line {
  /** The longest wait in the last hold, in milliseconds. */
  longestHoldMs = 0;

  #route: Route | undefined;
  #holdLimitMs: number | undefined;
  #running = 0;
  readonly #waiting = new Set<Waiter>();
  readonly #front = new Set<Waiter>();
  readonly #routes = new Set<Route>();
  readonly #drains = new Set<() => void>();
  readonly #options: LineOptions;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  get route(): Route | undefined {
    return this.#route;
  }

  get holding(): boolean {
    return this.#holdLimitMs !== undefined;
  }

  /** A request that came now would wait for the next engine; one that is held for no time at all is refused. */
  get expectsEngine(): boolean {
    return this.holding ? this.#holdLimitMs !== 0 : this.#route === undefined;
  }

  get counts(): {running: number; queued: number; held: number} {
    const waiting = this.#waiting.size + this.#front.size;
    return {running: this.#running, queued: this.holding ? 0 : waiting, held: this.holding ? waiting : 0};
  }

  /** New and waiting requests go to this engine from now on; those under way stay where they are. */
  setRoute(upstream: Upstream): void {
    const old = this.#route;
    this.#route = openRoute(upstream);
    this.#routes.add(this.#route);
    if (old) this.#retire(old);
    if (this.holding) {
      for (const waiter of [...this.#front, ...this.#waiting]) this.#noteHold(waiter);
      this.#holdLimitMs = undefined;
    }
    this.#advance();
  }

  /** New requests wait, each at most `limitMs`, until the next route. */
  hold(limitMs: number): void {
    if (!this.holding) this.longestHoldMs = 0;
    this.#holdLimitMs = limitMs;
    for (const waiter of [...this.#front, ...this.#waiting]) this.#startHolding(waiter);
  }

  /** Resolves with the requests still under way on that release when none is left or the time is up. */
  drain(release: number, deadlineMs: number): Promise<number> {
    const remaining = (): number => {
      let count = 0;
      for (const route of this.#routes) if (route.upstream.release === release) count += route.running;
      return count;
    };
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#drains.delete(check);
        resolve(remaining());
      };
      const check = (): void => {
        if (remaining() === 0) settle();
      };
      const timer = setTimeout(settle, deadlineMs);
      this.#drains.add(check);
      check();
    });
  }

  /**
   * A place, at once or after a wait. Throws 429 when too many wait, 503 when there is no engine or a hold
   * takes too long, and the signal's reason.
   */
  async enter(signal: AbortSignal, {again = false, light = false}: Ticket = {}): Promise<Place> {
    signal.throwIfAborted();
    if (!this.#route && !this.holding) throw noEngine('No engine is running yet. Try again shortly.');
    if (this.#free(light) && (light || this.#waiting.size === 0)) return this.#take(light);
    // While nothing may run, those who would be running wait as well.
    const room = this.#options.queue + (this.holding ? this.#concurrency() : 0);
    if (!again && this.#waiting.size >= room) throw queueFull(this.#waiting.size);
    return await this.#wait(signal, again || light ? this.#front : this.#waiting, light);
  }

  #wait(signal: AbortSignal, queue: Set<Waiter>, light: boolean): Promise<Place> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(waiter.timer);
        queue.delete(waiter);
        signal.removeEventListener('abort', abandon);
      };
      const abandon = (): void => waiter.refuse(signal.reason as Error);
      const waiter: Waiter = {
        since: this.#options.clock.elapsed(),
        light,
        timer: undefined,
        admit(place) {
          end();
          resolve(place);
        },
        refuse(error) {
          end();
          reject(error);
        },
      };
      queue.add(waiter);
      signal.addEventListener('abort', abandon);
      if (this.holding) this.#startHolding(waiter);
    });
  }

  #startHolding(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    waiter.timer = setTimeout(() => {
      this.#noteHold(waiter);
      waiter.refuse(noEngine('The engine is being replaced, and that takes longer than planned.'));
    }, this.#holdLimitMs);
  }

  #noteHold(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.longestHoldMs = Math.max(this.longestHoldMs, this.#options.clock.elapsed() - waiter.since);
  }

  #concurrency(): number {
    return this.#options.concurrency ?? this.#route?.upstream.concurrency ?? DEFAULT_CONCURRENCY;
  }

  #free(light: boolean): boolean {
    return this.#route !== undefined && !this.holding && (light || this.#running < this.#concurrency());
  }

  #take(light: boolean): Place {
    const route = this.#route;
    if (!route) throw noEngine('No engine is running yet. Try again shortly.');
    const weight = light ? 0 : 1;
    route.running++;
    this.#running += weight;
    let left = false;
    return {
      route,
      leave: () => {
        if (left) return;
        left = true;
        route.running--;
        this.#running -= weight;
        if (route !== this.#route && route.running === 0) this.#retire(route);
        for (const check of this.#drains) check();
        this.#advance();
      },
    };
  }

  #advance(): void {
    for (;;) {
      const next = first(this.#front) ?? first(this.#waiting);
      if (!next || !this.#free(next.light)) return;
      next.admit(this.#take(next.light));
    }
  }

  #retire(route: Route): void {
    if (route.running > 0) return;
    this.#routes.delete(route);
    void route.pool.close();
  }
}

const first = <T>(set: Set<T>): T | undefined => set.values().next().value;
