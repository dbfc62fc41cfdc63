/**
 * What a client and the supervisor say to each other: JSON over loopback HTTP, `POST /call/<name>`.
 * Dates travel as ISO texts in the fields `since`, `until` and `at`.
 */
import type {GatewayOrder, GatewayReply} from '../gateway-order.ts';
import type {EngineSpec, GatewaySpec, Observed, ProgramState} from '../runtime.ts';

/** Counted up when the two sides would misunderstand each other: a newer CLI may meet an older supervisor. */
export const PROTOCOL = 3;

/** Why a supervisor is started: to serve what is committed, or to be changed. */
export type Intent = 'start' | 'begin';

export type Running = Extract<Observed, {state: 'running'}>;

type Nothing = Record<string, never>;

export interface Calls {
  observe: {input: Nothing; answer: {running?: Running}};
  /** Brings back what has failed or waits; answered when the gateway is ready and the engine spawned. */
  start: {input: Nothing; answer: Nothing};
  stop: {input: {drainMs: number}; answer: Nothing};
  order: {input: {order: GatewayOrder}; answer: GatewayReply};
  /** What the watch is asked, and what it answers: between the two ends of it. */
  watch: {input: {question: unknown}; answer: {value: unknown}};
  engine: {input: {transition: string; name: string}; answer: ProgramState};
  endpoint: {input: {transition: string; name: string}; answer: {origin: string; token: string}};
  startEngine: {input: {transition: string; spec: EngineSpec}; answer: {name: string}};
  stopEngine: {input: {transition: string; name: string; graceMs: number}; answer: Nothing};
  route: {input: {transition: string; name: string}; answer: Nothing};
  commit: {input: {transition: string; name: string}; answer: Nothing};
  /** Ends the transition: answered when the deployment serves again, or all of it has ended. */
  close: {input: {transition: string}; answer: {supervisorEnds: boolean}};
}

export type CallName = keyof Calls;

/** A cut cable closes no connection: an owner that is not heard for so long is gone. Milliseconds. */
export const BEAT_LIMIT_MS = 20_000;
/** So often its owner says that it is there. Milliseconds. */
export const BEAT_MS = 4000;

/**
 * The first line of the body of `POST /transition`; empty lines follow as beats of the owner. The answer is a
 * stream that stays open as long as the transition.
 */
export interface OpenRequest {
  owner: string;
  gateway: GatewaySpec;
}

/** The one line of that stream. */
export type OpenAnswer = {opened: string} | {failure: Failure};

/** Everything that can go wrong in the supervisor, as data; the client makes an error for people of it. */
export type Failure =
  | {code: 'deploy_in_progress'; owner: string; since: string}
  | {code: 'port_taken'; url: string}
  | {code: 'gateway_failed'; reason: string; lastLines: readonly string[]}
  | {code: 'gateway_unavailable'}
  /** `reason` is empty when it does not run, or does not answer. */
  | {code: 'watch_unavailable'; reason: string}
  | {code: 'engine_unknown'; name: string; known: readonly string[]}
  | {code: 'engine_gone'; name: string; lastLines: readonly string[]}
  | {code: 'transition_over'}
  | {code: 'ending'}
  | {code: 'state_not_writable'; path: string; reason: string}
  | {code: 'bug'; message: string};

/** Thrown inside the supervisor, sent as its `failure`. */
export class SupervisorFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.code);
    this.name = 'SupervisorFailure';
    this.failure = failure;
  }
}

const DATES = new Set(['since', 'until', 'at']);

/** Parses an answer, its dates as Date. */
export function parseAnswer(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) =>
    DATES.has(key) && typeof value === 'string' ? new Date(value) : value,
  );
}
