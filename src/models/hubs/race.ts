/** Several hubs fill one file: each is measured, the fastest gets the work, and who stalls or lies is left. */
import type {Dispatcher} from 'undici';
import type {Clock} from '../../base/clock.ts';
import {ms, seconds, type Duration} from '../../base/units.ts';
import type {Claim} from './claim.ts';
import type {Mirror} from './hub.ts';
import type {Gap, PartialFile} from './partial.ts';
import {isOutrun, nextToAsk, type Standing} from './schedule.ts';
import {transfer, type Seen} from './transfer.ts';
import {HubTrouble} from './trouble.ts';

export interface RaceOptions {
  agent: Dispatcher;
  clock: Clock;
  claim: Claim;
  partial: PartialFile;
  signal: AbortSignal;
  /** Told after each piece that came, with the hub that sent it. */
  tell: (haveBytes: number, from: Mirror) => void;
  /** Told why a hub is left, or why a request to it is made again. */
  warn: (trouble: HubTrouble) => void;
}

/** Time between two looks at who is how fast. */
const LOOK = ms(500);
/** A request is not judged before it had this long. */
const SETTLING = seconds(2);
/** Bytes; less is no progress, or a hub that drops after each byte would hold us for ever. */
const WORTH_GOING_ON = 65_536;

interface Runner extends Standing {
  mirror: Mirror;
  seen: Seen;
  trouble: HubTrouble | undefined;
  /** It sent bytes that are in the file now. */
  contributed: boolean;
}

interface Lane {
  runner: Runner;
  since: Duration;
  gotBytes: number;
  /** At the last look. */
  lookedBytes: number;
  bytesPerSecond: number;
  abort: AbortController;
}

export class Race {
  readonly #options: RaceOptions;
  readonly #runners: Runner[] = [];
  readonly #lanes = new Set<Lane>();
  /** Hubs that have yet to say whether they have the file. */
  #awaited = 0;
  #failure: {error: unknown} | undefined;
  #change = Promise.withResolvers<undefined>();

  constructor(options: RaceOptions) {
    this.#options = options;
  }

  /** A hub that has the file takes part from now on. */
  join(mirror: Mirror): void {
    const seen: Seen = {};
    this.#runners.push({
      mirror,
      seen,
      live: true,
      lanes: 0,
      outrun: false,
      bytesPerSecond: undefined,
      trouble: undefined,
      contributed: false,
      get ranges() {
        return seen.ranges;
      },
    });
    this.#change.resolve(undefined);
  }

  /** A hub that may still join, or not (undefined). */
  expect(answer: Promise<Mirror | undefined>): void {
    this.#awaited++;
    const settle = (mirror: Mirror | undefined): void => {
      this.#awaited--;
      if (mirror) this.join(mirror);
      this.#change.resolve(undefined);
    };
    answer.then(settle, (error: unknown) => {
      this.#failure ??= {error};
      settle(undefined);
    });
  }

  /** The hubs of which bytes are in the file. */
  get contributors(): Mirror[] {
    return this.#runners.filter(({contributed}) => contributed).map(({mirror}) => mirror);
  }

  /** Why hubs were left. */
  get troubles(): [Mirror, HubTrouble][] {
    return this.#runners.flatMap(({mirror, trouble}) => (trouble ? [[mirror, trouble]] : []));
  }

  /** True when the file is whole, false when no hub is left. Throws what is not a hub's fault (disk, interruption). */
  async run(): Promise<boolean> {
    const {partial, signal} = this.#options;
    const look = setInterval(() => this.#look(), LOOK);
    const stop = (): void => this.#change.resolve(undefined);
    signal.addEventListener('abort', stop);
    try {
      for (;;) {
        signal.throwIfAborted();
        if (this.#failure) throw this.#failure.error;
        if (partial.whole) return true;
        this.#fill();
        if (this.#lanes.size === 0 && this.#awaited === 0) return false;
        await this.#change.promise;
        this.#change = Promise.withResolvers();
      }
    } finally {
      clearInterval(look);
      signal.removeEventListener('abort', stop);
      for (const {abort} of this.#lanes) abort.abort(new Error('the race is over'));
      await this.#ended();
    }
  }

  /** Until no request writes into the file any more. */
  async #ended(): Promise<void> {
    while (this.#lanes.size > 0) {
      this.#change = Promise.withResolvers();
      await this.#change.promise;
    }
  }

  #fill(): void {
    for (let next = nextToAsk(this.#runners); next; next = nextToAsk(this.#runners)) {
      const gap = this.#options.partial.take();
      if (!gap) return;
      void this.#lane(next, gap);
    }
  }

  async #lane(runner: Runner, gap: Gap): Promise<void> {
    const {agent, claim, partial, clock, signal, tell} = this.#options;
    const {hub, place, path} = runner.mirror;
    const lane: Lane = {
      runner,
      since: clock.elapsed(),
      gotBytes: 0,
      lookedBytes: 0,
      bytesPerSecond: 0,
      abort: new AbortController(),
    };
    this.#lanes.add(lane);
    runner.lanes++;
    try {
      await transfer({
        agent,
        file: hub.file(place, path),
        claim,
        partial,
        gap,
        seen: runner.seen,
        signal: AbortSignal.any([signal, lane.abort.signal]),
        tell: (gotBytes) => {
          // Its first bytes say whether more can be asked of this hub at once.
          if (lane.gotBytes === 0) this.#change.resolve(undefined);
          lane.gotBytes += gotBytes;
          runner.contributed ||= gotBytes > 0;
          tell(partial.haveBytes, runner.mirror);
        },
      });
      const span = Math.max(1, clock.elapsed() - lane.since) / 1000;
      runner.bytesPerSecond ??= lane.gotBytes / span;
    } catch (error) {
      if (!lane.abort.signal.aborted) this.#blame(lane, error);
    } finally {
      partial.release(gap);
      runner.lanes--;
      this.#lanes.delete(lane);
      this.#change.resolve(undefined);
    }
  }

  #blame({runner, gotBytes}: Lane, error: unknown): void {
    if (!(error instanceof HubTrouble)) {
      this.#failure ??= {error};
      return;
    }
    this.#options.warn(error);
    if (error.kind === 'dropped' && gotBytes >= WORTH_GOING_ON) return;
    runner.live = false;
    runner.trouble = error;
  }

  #look(): void {
    const now = this.#options.clock.elapsed();
    for (const lane of this.#lanes) {
      const recent = ((lane.gotBytes - lane.lookedBytes) * 1000) / LOOK;
      // Half of it is the past: one quiet moment is no stall.
      lane.bytesPerSecond = lane.lookedBytes === 0 ? recent : (lane.bytesPerSecond + recent) / 2;
      lane.lookedBytes = lane.gotBytes;
      lane.runner.bytesPerSecond = lane.bytesPerSecond;
    }
    for (const lane of this.#lanes) {
      const others = this.#runners.filter((runner) => runner !== lane.runner);
      if (now - lane.since < SETTLING || !isOutrun(lane.bytesPerSecond, others)) continue;
      lane.runner.outrun = true;
      lane.abort.abort(new Error('another hub is faster'));
    }
    this.#change.resolve(undefined);
  }
}
