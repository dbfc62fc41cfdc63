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
  /** Sent to the origin of `url` only, and no more once a redirect has led elsewhere. */
  token?: Secret | undefined;
  /** Ends the redirects early: the answer already holds what is wanted. */
  enough?: (answer: Dispatcher.ResponseData) => boolean;
}

/** An answer, and the address that gave it after all redirects. */
export type Answer = Dispatcher.ResponseData & {url: URL};

const MOST_REDIRECTS = 6;

/** Asks, following redirects. Gives an answer of 2xx (or one that is `enough`); throws HubTrouble for anything else. */
export async function send(agent: Dispatcher, wish: Wish, signal: AbortSignal): Promise<Answer> {
  let {url, token} = wish;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const answer = await ask(agent, wish, {url, token}, signal);
    if ((wish.enough?.(answer) ?? false) || answer.statusCode < 300) return Object.assign(answer, {url});
    await answer.body.dump({limit: 65_536, signal}).catch(() => undefined);
    const {location} = answer.headers;
    if (answer.statusCode >= 400 || typeof location !== 'string') throw refusal(answer, wish.url, url);
    const next = nextUrl(location, url);
    if (next.origin !== wish.url.origin) token = undefined;
    url = next;
  }
  throw new HubTrouble('broken', `${wish.url.origin} redirects in circles`);
}

function nextUrl(location: string, from: URL): URL {
  const next = URL.parse(location, from.href);
  if (!next || !/^https?:$/.test(next.protocol)) {
    throw new HubTrouble('broken', `${from.origin} redirects to what is no web address`);
  }
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new HubTrouble('broken', `${from.origin} redirects from https to http`);
  }
  return next;
}

async function ask(
  agent: Dispatcher,
  wish: Wish,
  {url, token}: {url: URL; token: Secret | undefined},
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
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
        ...(token && {authorization: `Bearer ${token.reveal()}`}),
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new HubTrouble(
      'unreachable',
      `${originOf(wish.url, url)} does not answer: ${describeError(error)}`,
      {cause: error},
    );
  }
}

/** A mirror may send us to a CDN that cannot be reached from here: name both. */
const originOf = (asked: URL, at: URL): string =>
  asked.origin === at.origin ? at.origin : `${at.origin} (sent there by ${asked.origin})`;

function refusal(answer: Dispatcher.ResponseData, asked: URL, url: URL): HubTrouble {
  const message = `${originOf(asked, url)} answered ${answer.statusCode}`;
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

/** Nobody's list of files is longer. */
const LARGEST_BODY = 16 * 2 ** 20;

/** The text of an answer; undefined when it is longer than can be right, or breaks off. */
export async function readSmall(answer: Answer, most = LARGEST_BODY): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
      length += piece.length;
      if (length > most) return undefined;
      pieces.push(piece);
    }
  } catch (error) {
    throw new HubTrouble('dropped', `${answer.url.origin} broke off: ${describeError(error)}`, {
      cause: error,
    });
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** What an answer holds as JSON; undefined when it is none (a web page). */
export async function readJsonBody(answer: Answer): Promise<unknown> {
  const text = await readSmall(answer);
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
