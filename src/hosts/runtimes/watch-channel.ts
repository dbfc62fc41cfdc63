import type {GatewayWindow, Probed} from './gateway-order.ts';

/**
 * What a supervisor and its watch say to each other over the IPC channel, as plain JSON. The watch is optional: what
 * it does not answer, or says wrongly, changes nothing for what is served.
 */

/** What the supervisor tells about once a second. */
export interface Told {
  supervisorPid?: number;
  gatewayPid?: number;
  /** Those that run. */
  engines: readonly {name: string; release: number; model: string; pid: number; serving: boolean}[];
  /** Missing when the gateway does not answer. */
  window?: GatewayWindow;
}

/** To the watch. A question is opaque to the supervisor; a probe that no gateway knew of has no result. */
export type WatchHears = {told: Told} | {ask: number; question: unknown} | {probed: Probed | null};

/** From the watch. */
export type WatchSays =
  /** It works; one that is silent for long is started again. */
  | {alive: true}
  /** For the gateway's `/metrics`. */
  | {metrics: string}
  /** The gateway is to ask the model something tiny. Answered by `probed`, once. */
  | {probe: {deadlineMs: number}}
  /** Whether it has to reach the world outside: it tells somebody there what happens. */
  | {outward: boolean}
  | {answer: number; value: unknown}
  /** What was wrong with the question. */
  | {answer: number; error: string};
