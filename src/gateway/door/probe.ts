import {randomBytes, timingSafeEqual} from 'node:crypto';
import {request, type IncomingHttpHeaders} from 'node:http';
import {systemCode} from '../../base/errors.ts';
import type {Probed} from '../../hosts/index.ts';
import type {RequestRecord} from '../metrics/record.ts';
import type {Line} from '../traffic/line.ts';

/** Carries the ticket of the probe that is under way: it opens the door once, and marks the request. */
const TICKET_HEADER = 'x-berth-probe';
/** What is asked: as little as shows that tokens come, and how fast. */
const QUESTION = {
  messages: [{role: 'user', content: 'Hi'}],
  max_tokens: 4,
  temperature: 0,
  stream: true,
};

/** A probe under way. */
interface Open {
  ticket: Buffer;
  ended: (record: RequestRecord) => void;
}

/**
 * Asks the model something tiny through this gateway's own door, over a connection like a client's, so that all that a
 * client meets is measured. No API key is needed: a random ticket, which never leaves this process but on that
 * connection and is worth nothing when the probe is over, stands in for one.
 */
export class Prober {
  readonly #line: Line;
  readonly #url: () => string;
  #open: Open | undefined;

  /** `url` is this gateway's own. */
  constructor(line: Line, url: () => string) {
    this.#line = line;
    this.#url = url;
  }

  /** Whether a request is the probe that is under way. */
  sent(headers: IncomingHttpHeaders): boolean {
    const given = headers[TICKET_HEADER];
    if (!this.#open || typeof given !== 'string') return false;
    const {ticket} = this.#open;
    const bytes = Buffer.from(given);
    return bytes.length === ticket.length && timingSafeEqual(bytes, ticket);
  }

  /** Hears how the probe's request ended. */
  ended(record: RequestRecord): void {
    this.#open?.ended(record);
  }

  async run(deadlineMs: number): Promise<Probed> {
    const {route, counts, expectsEngine} = this.#line;
    const {running, queued, held} = counts;
    if (this.#open || running + queued + held > 0 || expectsEngine || !route) return {outcome: 'skipped'};
    const probed = await this.#ask(route.upstream.model, deadlineMs);
    // What came of a request in the middle of a change of engines says nothing about either.
    const changed = this.#line.expectsEngine || this.#line.route !== route;
    return probed.outcome === 'failed' && changed ? {outcome: 'skipped'} : probed;
  }

  #ask(model: string, deadlineMs: number): Promise<Probed> {
    const ticket = randomBytes(24).toString('base64url');
    const {promise, resolve} = Promise.withResolvers<Probed>();
    const asking = request(`${this.#url()}/v1/chat/completions`, {
      method: 'POST',
      agent: false,
      headers: {'content-type': 'application/json', [TICKET_HEADER]: ticket},
    });
    const timer = setTimeout(() => {
      resolve({outcome: 'failed', reason: `no whole answer within ${deadlineMs} ms`});
      asking.destroy();
    }, deadlineMs);
    this.#open = {ticket: Buffer.from(ticket), ended: (record) => resolve(probedIn(record))};
    asking.on('response', (response) => response.on('error', () => undefined).resume());
    asking.on('error', (error) => resolve({outcome: 'failed', reason: systemCode(error) ?? error.message}));
    asking.end(JSON.stringify({model, ...QUESTION}));
    return promise.finally(() => {
      clearTimeout(timer);
      this.#open = undefined;
    });
  }
}

function probedIn({outcome, status, code, ttftMs, tpotMs, completionTokens = 0}: RequestRecord): Probed {
  if (outcome !== 'ok' || status !== 200) return {outcome: 'failed', reason: code ?? `status ${status}`};
  return {
    outcome: 'ok',
    ...(ttftMs !== undefined && {ttftMs}),
    ...(tpotMs !== undefined && {tpotMs}),
    tokens: completionTokens,
  };
}
