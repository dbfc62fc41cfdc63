import type {ServerResponse} from 'node:http';
import type {Dispatcher} from 'undici';
import {ApiError, engineBroke} from '../http/api-error.ts';
import type {Headers} from '../http/reply.ts';
import type {Route} from './route.ts';
import type {StreamMeter} from './stream-meter.ts';

/** An answer that is read whole may not be longer. Bytes. */
const LONGEST_ANSWER = 64 * 2 ** 20;

export interface Call {
  method: 'GET' | 'POST';
  path: string;
  body: string | null;
  headers: Readonly<Record<string, string>>;
}

export type ExchangeResult =
  /** The engine's whole answer; nothing was sent to the client yet. */
  | {kind: 'answer'; status: number; contentType: string; retryAfter: string | undefined; body: Buffer}
  /** A stream reached the client, whole or cut short. */
  | {kind: 'streamed'; failure: ApiError | undefined}
  /** The engine went away before it answered a byte; `connected` false when it never took the request. */
  | {kind: 'unanswered'; connected: boolean; error: Error}
  | {kind: 'aborted'; reason: Error};

/** How a stream reaches the client. Without it, every answer is read whole. */
export interface StreamSink {
  response: ServerResponse;
  meter: StreamMeter;
  headers: Headers;
}

const UNREACHED = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/**
 * One call to the engine. Resolves, never rejects. An abort by `signal` ends the call at the engine at once;
 * if the stream has begun, its `reason` ends what the client sees.
 */
export const exchange = (
  route: Route,
  call: Call,
  signal: AbortSignal,
  sink?: StreamSink,
): Promise<ExchangeResult> =>
  new Promise((resolve) => {
    const handler = new Exchange(resolve, signal, sink);
    try {
      route.pool.dispatch({...call, headers: {...route.headers, ...call.headers}}, handler);
    } catch (error) {
      // A pool that was closed in this very moment, because the route changed.
      resolve({kind: 'unanswered', connected: false, error: error as Error});
    }
  });

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (result: ExchangeResult) => void;
  readonly #signal: AbortSignal;
  readonly #sink: StreamSink | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #contentType = '';
  #retryAfter: string | undefined;
  #streaming = false;
  #begun = false;
  #paused = false;
  /** False for an HTTP/1.0 client, which knows no chunks: its answer ends with the connection. */
  #framed = false;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(resolve: (result: ExchangeResult) => void, signal: AbortSignal, sink: StreamSink | undefined) {
    this.#resolve = resolve;
    this.#signal = signal;
    this.#sink = sink;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#abort();
    else this.#signal.addEventListener('abort', this.#abort, {once: true});
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#contentType = String(headers['content-type'] ?? '');
    this.#retryAfter = headers['retry-after'] === undefined ? undefined : String(headers['retry-after']);
    this.#streaming =
      this.#sink !== undefined && status === 200 && this.#contentType.startsWith('text/event-stream');
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#streaming && this.#sink) {
      const text = this.#sink.meter.feed(chunk, performance.now());
      // A full buffer at the client's side pauses the engine's: memory stays bounded however slow it reads.
      if (text !== '' && !this.#pass(this.#sink.response, text) && !this.#paused) {
        this.#paused = true;
        controller.pause();
        this.#sink.response.once('drain', this.#resume);
      }
      return;
    }
    this.#length += chunk.length;
    if (this.#length > LONGEST_ANSWER) controller.abort(new Error('the answer is too long'));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    if (!this.#streaming || !this.#sink) {
      const {contentType, retryAfter} = {contentType: this.#contentType, retryAfter: this.#retryAfter};
      const body = Buffer.concat(this.#chunks, this.#length);
      this.#resolve({kind: 'answer', status: this.#status, contentType, retryAfter, body});
    } else if (this.#sink.meter.done) this.#finish(undefined);
    else this.#finish(engineBroke('The engine ended the stream before it was complete.'));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#signal.removeEventListener('abort', this.#abort);
    if (this.#signal.aborted) {
      const reason = this.#signal.reason as Error;
      if (this.#begun && reason instanceof ApiError) this.#finish(reason);
      else this.#resolve({kind: 'aborted', reason});
    } else if (this.#begun) {
      this.#finish(engineBroke('The engine broke off in the middle of the answer.', error));
    } else {
      // Sending it again is only right where nothing at all was answered.
      const code = 'code' in error ? String(error.code) : '';
      if (this.#status === 0 && !code.startsWith('HPE_')) {
        this.#resolve({kind: 'unanswered', connected: !UNREACHED.has(code), error});
      } else {
        const body = Buffer.from(error.message);
        this.#resolve({kind: 'answer', status: 502, contentType: 'text/plain', retryAfter: undefined, body});
      }
    }
  }

  readonly #abort = (): void => this.#controller?.abort(this.#signal.reason as Error);

  readonly #resume = (): void => {
    this.#paused = false;
    this.#controller?.resume();
  };

  /**
   * Sends text of one character a byte, in one write. Node would write each chunk's size, bytes and line end
   * apart, which costs more than everything else here; so the chunk is framed by hand (chunkedEncoding off).
   */
  #pass(response: ServerResponse, text: string): boolean {
    if (!this.#begun) this.#begin(response);
    return response.write(this.#framed ? `${text.length.toString(16)}\r\n${text}\r\n` : text, 'latin1');
  }

  #begin(response: ServerResponse): void {
    this.#begun = true;
    response.writeHead(200, {
      'content-type': this.#contentType,
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      ...this.#sink?.headers,
    });
    this.#framed = response.chunkedEncoding;
    response.chunkedEncoding = false;
  }

  #finish(failure: ApiError | undefined): void {
    const {response, meter} = this.#sink ?? {};
    if (!response || !meter) return;
    response.off('drain', this.#resume);
    const rest = failure ? '' : meter.rest();
    if (rest !== '') this.#pass(response, rest);
    if (failure) {
      const event = Buffer.from(`data: ${JSON.stringify(failure.body)}\n\n`).toString('latin1');
      this.#pass(response, meter.insideEvent ? `\n\n${event}` : event);
    } else if (!this.#begun) this.#begin(response);
    response.chunkedEncoding = this.#framed;
    // A client must not take a broken stream for a whole one: its connection ends with it.
    if (failure) response.end(() => response.socket?.destroySoon());
    else response.end();
    this.#resolve({kind: 'streamed', failure});
  }
}
