import type {Dispatcher} from 'undici';
import {describeError} from '../../base/errors.ts';
import type {Secret} from '../../base/secret.ts';
import {ms, seconds, type Duration} from '../../base/units.ts';
import {HubTrouble} from './trouble.ts';

export interface Patience {
  /** For a connection, and for the head of an answer. */
  answer: Duration;
  /** Between two pieces of a file. */
  stall: Duration;
  /** Before the second round over all hubs; doubled for each further one. */
  backoff: Duration;
}

export const USUAL_PATIENCE: Patience = {answer: seconds(10), stall: seconds(20), backoff: seconds(1)};

/** HTTP through the proxies that the environment names. */
export async function openAgent(env: NodeJS.ProcessEnv, patience: Patience): Promise<Dispatcher> {
  // Loaded late: most commands that look at weights fetch none.
  const {EnvHttpProxyAgent} = await import('undici');
  const proxy = (name: string) => env[name.toLowerCase()] ?? env[name.toUpperCase()];
  const [http, https, none] = [proxy('http_proxy'), proxy('https_proxy'), proxy('no_proxy')];
  return new EnvHttpProxyAgent({
    ...(http && {httpProxy: http}),
    ...(https && {httpsProxy: https}),
    noProxy: none ?? '',
    connect: {timeout: patience.answer},
    headersTimeout: patience.answer,
    bodyTimeout: patience.stall,
  });
}

export interface Wish {
  method: 'GET' | 'HEAD';
  url: URL;
  headers?: Record<string, string>;
  /** Sent to the origin of `url` only, never to where that redirects. */
  token?: Secret | undefined;
  /** Ends the redirects early: the answer already holds what is wanted. */
  enough?: (answer: Dispatcher.ResponseData) => boolean;
}

const MOST_REDIRECTS = 6;

/** Asks, following redirects. Gives an answer of 2xx (or one that is `enough`); throws HubTrouble for anything else. */
export async function send(
  agent: Dispatcher,
  wish: Wish,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  let {url} = wish;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const answer = await ask(agent, wish, url, signal);
    if (wish.enough?.(answer) ?? false) return answer;
    if (answer.statusCode < 300) return answer;
    await answer.body.dump({limit: 65_536, signal}).catch(() => undefined);
    const {location} = answer.headers;
    if (answer.statusCode >= 400 || typeof location !== 'string') throw refusal(answer, url);
    url = new URL(location, url);
  }
  throw new HubTrouble('broken', `${wish.url.origin} redirects in circles`);
}

async function ask(
  agent: Dispatcher,
  wish: Wish,
  url: URL,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const trusted = wish.token !== undefined && url.origin === wish.url.origin;
  try {
    return await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: wish.method,
      signal,
      headers: {
        'user-agent': 'berth',
        // A compressed answer would make nonsense of ranges and lengths.
        'accept-encoding': 'identity',
        ...wish.headers,
        ...(trusted && {authorization: `Bearer ${wish.token?.reveal() ?? ''}`}),
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new HubTrouble('unreachable', `${url.origin} does not answer: ${describeError(error)}`, {
      cause: error,
    });
  }
}

function refusal(answer: Dispatcher.ResponseData, url: URL): HubTrouble {
  const message = `${url.origin} answered ${answer.statusCode}`;
  switch (answer.statusCode) {
    case 401:
    case 403:
      return new HubTrouble('forbidden', message);
    case 404:
    case 410:
      return new HubTrouble('missing', message);
    case 429:
    case 502:
    case 503:
    case 504:
      return new HubTrouble('busy', message, {retryAfter: retryAfter(answer.headers['retry-after'])});
    default:
      return new HubTrouble('broken', message);
  }
}

function retryAfter(header: string | string[] | undefined): Duration | undefined {
  if (typeof header !== 'string') return undefined;
  const given = Number(header);
  if (Number.isFinite(given)) return seconds(Math.max(0, given));
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : ms(Math.max(0, at - Date.now()));
}

/** A header's value when it is there once. */
export const single = (answer: Dispatcher.ResponseData, name: string): string | undefined => {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : undefined;
};
