import {Sketch} from '../../base/sketch.ts';
import type {GatewayWindow} from '../../hosts/index.ts';
import type {StreamMeter} from '../traffic/stream-meter.ts';
import type {Outcome} from './record.ts';

/** A stream under way: when its request came, and what of it was counted in earlier windows. */
interface Followed {
  arrived: number;
  chunks: number;
  at: number | undefined;
}

/**
 * What happens between two looks of the watch. Nothing is done for an event of a stream: what a look needs is the
 * difference between two states of its meter.
 */
export class Window {
  readonly #streams = new Map<StreamMeter, Followed>();
  #requests = noRequests();
  #tokens = 0;
  #ttft = new Sketch();
  #tpot = new Sketch();
  #since: number;

  /** `now` is of the monotonic clock, in milliseconds. */
  constructor(now: number) {
    this.#since = now;
  }

  /** A stream begins, whose request came at `arrived`. */
  follow(stream: StreamMeter, arrived: number): void {
    this.#streams.set(stream, {arrived, chunks: 0, at: undefined});
  }

  /** A stream has ended. */
  leave(stream: StreamMeter): void {
    const followed = this.#streams.get(stream);
    if (followed) this.#look(stream, followed);
    this.#streams.delete(stream);
  }

  /** A request has ended; `tokens` are those that no stream has counted. */
  count(outcome: Outcome, tokens: number): void {
    this.#requests[outcome]++;
    this.#tokens += tokens;
  }

  /** What happened since the last call. */
  take(now: number, counts: Pick<GatewayWindow, 'running' | 'queued' | 'held'>): GatewayWindow {
    for (const [stream, followed] of this.#streams) this.#look(stream, followed);
    const {running, queued, held} = counts;
    const taken = {
      spanMs: now - this.#since,
      ...{running, queued, held},
      requests: this.#requests,
      tokens: this.#tokens,
      ttft: this.#ttft.buckets,
      tpot: this.#tpot.buckets,
    };
    this.#requests = noRequests();
    this.#tokens = 0;
    this.#ttft = new Sketch();
    this.#tpot = new Sketch();
    this.#since = now;
    return taken;
  }

  /** Counts what came of a stream since it was last looked at. */
  #look(stream: StreamMeter, followed: Followed): void {
    const {firstContent, lastContent, contentChunks} = stream;
    if (firstContent === undefined || lastContent === undefined) return;
    if (followed.at === undefined) {
      this.#ttft.add(firstContent - followed.arrived);
      this.#tokens++;
      followed.at = firstContent;
      followed.chunks = 1;
    }
    const more = contentChunks - followed.chunks;
    if (more <= 0) return;
    this.#tpot.add((lastContent - followed.at) / more, more);
    this.#tokens += more;
    followed.at = lastContent;
    followed.chunks = contentChunks;
  }
}

const noRequests = (): GatewayWindow['requests'] => ({ok: 0, clientError: 0, serverError: 0, cancelled: 0});
