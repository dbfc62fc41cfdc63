import type {Clock} from '../../base/clock.ts';
import {exchange} from '../traffic/exchange.ts';
import type {Line} from '../traffic/line.ts';
import type {Route} from '../traffic/route.ts';

/** How long an answer of the engine counts as recent, and how long it may take to give one. Milliseconds. */
const RECENT_MS = 1000;
const PROBE_MS = 2000;

export type GatewayHealth =
  | {status: 'ok' | 'switching'; model: string | undefined; release: number | undefined}
  | {status: 'no_engine' | 'engine_unreachable'; model: string | undefined; release: number | undefined};

/** Asks the engine at most once a second, however often it is asked itself. */
export function openHealth(line: Line, clock: Clock): () => Promise<GatewayHealth> {
  let last: {route: Route; at: number; reached: Promise<boolean>} | undefined;

  const probe = async (route: Route): Promise<boolean> => {
    const call = {method: 'GET', path: '/v1/models', body: null, headers: {}} as const;
    const result = await exchange(route, call, AbortSignal.timeout(PROBE_MS));
    return result.kind === 'answer' && result.status === 200;
  };

  return async () => {
    const {route} = line;
    const upstream = route?.upstream;
    const known = {model: upstream?.model, release: upstream?.release};
    if (line.holding) return {status: 'switching', ...known};
    if (!route) return {status: 'no_engine', ...known};
    if (last?.route !== route || clock.elapsed() - last.at > RECENT_MS) {
      last = {route, at: clock.elapsed(), reached: probe(route)};
    }
    return {status: (await last.reached) ? 'ok' : 'engine_unreachable', ...known};
  };
}
