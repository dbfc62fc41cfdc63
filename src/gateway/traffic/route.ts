import {Pool} from 'undici';
import type {Upstream} from '../../hosts/index.ts';

/** Idle connections are given up before the engine's own 5 s, so that none is found dead. Milliseconds. */
const KEEP_ALIVE_MS = 2000;
const CONNECT_MS = 5000;

/** One engine that requests go to, with its connections. */
export interface Route {
  readonly upstream: Upstream;
  readonly pool: Pool;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests under way. */
  running: number;
}

export function openRoute(upstream: Upstream): Route {
  return {
    upstream,
    // Deadlines are the gateway's own, one a request: an answer may rightly take many minutes.
    pool: new Pool(upstream.origin, {
      connections: null,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      connect: {timeout: CONNECT_MS},
    }),
    headers: {authorization: `Bearer ${upstream.token}`, 'content-type': 'application/json'},
    running: 0,
  };
}
