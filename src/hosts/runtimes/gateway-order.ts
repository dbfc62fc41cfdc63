import type {SketchBuckets} from '../../base/sketch.ts';

/**
 * What the runtime may tell a gateway, as plain JSON: over the child's IPC channel for processes, over a
 * private socket for containers. The runtime itself sends `route` after it has started either program.
 */
export type GatewayOrder =
  /** New requests go here from now on, and held ones too. Requests under way stay where they are. */
  | {order: 'route'; upstream: Upstream}
  /** New requests wait (at most `limitMs`, then 503 with Retry-After) until the next `route`. */
  | {order: 'hold'; limitMs: number}
  /** Answered when no request to that release is under way, or when `deadlineMs` has passed. */
  | {order: 'drain'; release: number; deadlineMs: number}
  | {order: 'stats'}
  /** What happened since the last `window`. Only the supervisor asks, for the watch: each answer begins a new one. */
  | {order: 'window'}
  /** What the watch measures, in Prometheus' text format: `/metrics` ends with it until it is half a minute old. */
  | {order: 'metrics'; text: string}
  /**
   * Asks the model something tiny as a client would, unless somebody is being answered or waits, or an engine is about
   * to come. Answered within `deadlineMs`. It is counted apart from what people ask.
   */
  | {order: 'probe'; deadlineMs: number};

export interface Upstream {
  release: number;
  origin: string;
  /** Bearer token of the engine. Travels only over the private channel, is never logged. */
  token: string;
  /** The id clients send as `model`. */
  model: string;
  /** Requests the engine answers at once, where that is known: the gateway lets no more through. */
  concurrency?: number;
  /** It keeps answers within the gateway's limit by itself: a chat that asks for as much goes without a limit. */
  capsOutput?: boolean;
}

export type GatewayReply =
  | {reply: 'done'}
  | {reply: 'drained'; remaining: number; waitedMs: number}
  | {reply: 'stats'; stats: GatewayStats}
  | {reply: 'window'; window: GatewayWindow}
  | {reply: 'probed'; probed: Probed}
  | {reply: 'refused'; message: string};

/** What came of a probe. Spans in milliseconds. */
export type Probed =
  /** `ttftMs` is missing where the model said nothing, `tpotMs` where it said less than two tokens. */
  | {outcome: 'ok'; ttftMs?: number; tpotMs?: number; tokens: number}
  | {outcome: 'failed'; reason: string}
  /** It was not the time for it. */
  | {outcome: 'skipped'};

/** Counts and spans since the gateway started. Times in milliseconds. */
export interface GatewayStats {
  sinceMs: number;
  /** Where new requests go; undefined while they are held, and before the first route. */
  release: number | undefined;
  /** Being answered now, and waiting for a place or for a route. */
  running: number;
  queued: number;
  held: number;
  requests: {ok: number; clientError: number; serverError: number; cancelled: number};
  promptTokens: number;
  completionTokens: number;
  /** The longest that a request waited in the last hold. */
  longestHoldMs: number;
  /** Completion tokens seen so far, also of requests still running: the liveness signal. */
  tokensSeen: number;
  latency: {ttft: Quantiles; tpot: Quantiles; e2e: Quantiles};
}

/** What happened at the gateway in the last `spanMs`. */
export interface GatewayWindow {
  spanMs: number;
  /** Being answered now, and waiting for a place or for a route. */
  running: number;
  queued: number;
  held: number;
  /** Requests that ended in it. */
  requests: GatewayStats['requests'];
  /** Completion tokens that came in it, also of requests still running. */
  tokens: number;
  /** Milliseconds to the first token, of streams that had theirs in it. */
  ttft: SketchBuckets;
  /** Milliseconds between two tokens of a stream, in it alone: one mean a stream, counted once a token. */
  tpot: SketchBuckets;
}

/** Quantiles of `count` values in milliseconds; undefined where `count` is too small to claim them. */
export interface Quantiles {
  count: number;
  p50?: number;
  p90?: number;
  p95?: number;
  p99?: number;
  max?: number;
}
