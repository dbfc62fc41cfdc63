import {Sketch} from '../base/sketch.ts';
import type {GatewayWindow} from '../hosts/index.ts';
import type {SampledGateway, Spans} from './sample.ts';

/** Windows that follow each other as one: of counts the sums, of states the last. Undefined of none. */
export function joinWindows(windows: readonly GatewayWindow[]): GatewayWindow | undefined {
  const last = windows.at(-1);
  if (!last || windows.length === 1) return last;
  const sum = (of: (window: GatewayWindow) => number): number =>
    windows.reduce((total, window) => total + of(window), 0);
  const merged = (of: (window: GatewayWindow) => GatewayWindow['ttft']): GatewayWindow['ttft'] => {
    const sketch = new Sketch();
    for (const window of windows) sketch.merge(Sketch.of(of(window)));
    return sketch.buckets;
  };
  return {
    ...last,
    spanMs: sum(({spanMs}) => spanMs),
    requests: {
      ok: sum(({requests}) => requests.ok),
      clientError: sum(({requests}) => requests.clientError),
      serverError: sum(({requests}) => requests.serverError),
      cancelled: sum(({requests}) => requests.cancelled),
    },
    tokens: sum(({tokens}) => tokens),
    ttft: merged(({ttft}) => ttft),
    tpot: merged(({tpot}) => tpot),
  };
}

/** A window in the words of a sample. Pure. */
export function figuresOf(window: GatewayWindow): SampledGateway {
  const {running, queued, held, requests, tokens, spanMs} = window;
  const {ok, clientError, serverError, cancelled} = requests;
  const perSecond = (count: number): number => (spanMs > 0 ? (count * 1000) / spanMs : 0);
  const judged = ok + serverError;
  const ttftMs = spansOf(Sketch.of(window.ttft));
  const tpotMs = spansOf(Sketch.of(window.tpot));
  return {
    ...{running, queued, held},
    tokensPerSecond: perSecond(tokens),
    requestsPerSecond: perSecond(ok + clientError + serverError + cancelled),
    ...(judged > 0 && {errorRatio: serverError / judged}),
    ...(ttftMs && {ttftMs}),
    ...(tpotMs && {tpotMs}),
  };
}

export function spansOf(sketch: Sketch): Spans | undefined {
  const [p50, p99, max] = sketch.quantiles([0.5, 0.99, 1]);
  if (p50 === undefined || p99 === undefined || max === undefined) return undefined;
  return {p50, p99, max, count: sketch.count};
}
