import type {IncomingMessage} from 'node:http';
import type {Clock} from '../../base/clock.ts';
import {describeError, systemCode} from '../../base/errors.ts';
import {ms, seconds, type Duration} from '../../base/units.ts';
import type {Alert, Answer, Post, Verdict, Webhook} from './alert.ts';
import {FORMATS} from './formats/index.ts';

export interface Delivery {
  delivered: boolean;
  tries: number;
  /** Why the last try failed; empty when it did not. Holds no part of the address but its host. */
  reason: string;
}

export interface Patience {
  /** For an answer to one try. */
  answer: Duration;
  /** Between tries; after the last of them comes the last try. */
  pauses: readonly Duration[];
}

/** Ten seconds a try, and tries for about two and a half minutes: a service that is started again is waited for. */
export const USUAL_PATIENCE: Patience = {
  answer: seconds(10),
  pauses: [seconds(1), seconds(5), seconds(30), seconds(120)],
};
/** A service may ask for patience, but not for more than this. */
const LONGEST_PAUSE: Duration = seconds(300);
/** Of an answer; what comes after it is not read. Bytes. */
const LONGEST_ANSWER = 16_384;

/**
 * Sends an alert until it is taken, refused for good, or tried often enough. Never fails; ends early with `signal`.
 * Each try is signed anew, because signatures grow old.
 */
export async function deliver(
  alert: Alert,
  webhook: Webhook,
  {clock, signal, patience = USUAL_PATIENCE}: {clock: Clock; signal: AbortSignal; patience?: Patience},
): Promise<Delivery> {
  for (let tries = 1; ; tries++) {
    const verdict = await attempt(alert, webhook, {clock, signal, answer: patience.answer});
    if (verdict.verdict === 'taken') return {delivered: true, tries, reason: ''};
    const failed = {delivered: false, tries, reason: withoutSecrets(verdict.reason, webhook)};
    const pause = patience.pauses[tries - 1];
    if (verdict.verdict === 'refused' || pause === undefined) return failed;
    const wait = Math.min(LONGEST_PAUSE, Math.max(pause, verdict.afterMs ?? 0));
    await clock.sleep(ms(wait), signal).catch(() => undefined);
    if (signal.aborted) return failed;
  }
}

async function attempt(
  alert: Alert,
  {kind, url, secret}: Webhook,
  {clock, signal, answer}: {clock: Clock; signal: AbortSignal; answer: Duration},
): Promise<Verdict> {
  const format = FORMATS[kind];
  const late = AbortSignal.timeout(answer);
  try {
    const post = format.post(alert, {url, secret, nowMs: clock.now().getTime()});
    return format.judge(await send(post, clock, AbortSignal.any([signal, late])));
  } catch (error) {
    const reason = late.aborted
      ? 'no answer in time'
      : (systemCode(error) ?? describeError(error).slice(0, 200));
    return {verdict: 'again', reason};
  }
}

/**
 * By Node's own client, because fetch takes the watch 14 MB for good, and this 6. It follows no redirect: a webhook that sends
 * elsewhere would take what it was told with it.
 */
async function send({url, headers, body}: Post, clock: Clock, signal: AbortSignal): Promise<Answer> {
  const address = new URL(url);
  const {request} = await (address.protocol === 'https:' ? import('node:https') : import('node:http'));
  const {promise, resolve, reject} = Promise.withResolvers<IncomingMessage>();
  const length = {'content-length': Buffer.byteLength(body)};
  // A connection for each alert: they are rare.
  const sending = request(address, {method: 'POST', headers: {...headers, ...length}, signal, agent: false});
  sending.once('response', resolve).on('error', reject).end(body);
  const response = await promise;
  const retryAfterMs = pauseIn(response.headers['retry-after'], clock.now().getTime());
  return {
    status: response.statusCode ?? 0,
    ...(retryAfterMs !== undefined && {retryAfterMs}),
    body: await beginOf(response),
  };
}

async function beginOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop closes the connection.
    if (size >= LONGEST_ANSWER) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, LONGEST_ANSWER);
}

/** `Retry-After`: seconds, or a date. Undefined where it is neither, or nothing is left of it. */
function pauseIn(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const pause = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return pause > 0 ? pause : undefined;
}

/** Shorter parts of an address are no keys, and are words that a reason may well hold. */
const LEAST_KEY = 8;

/** A service may say in its answer what it was asked: nothing of the address beyond its host is told on. */
function withoutSecrets(reason: string, {url, secret}: Webhook): string {
  const {href, pathname, searchParams} = new URL(url.reveal());
  const parts = [href, ...pathname.split('/'), ...searchParams.values(), secret?.reveal() ?? ''];
  const keys = parts.filter((part) => part.length >= LEAST_KEY).sort((a, b) => b.length - a.length);
  return keys.reduce((told, key) => told.replaceAll(key, '…'), reason);
}
