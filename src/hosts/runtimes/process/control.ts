import {request, type ClientRequest, type IncomingMessage} from 'node:http';
import {BerthError, systemCode} from '../../../base/errors.ts';
import type {Duration} from '../../../base/units.ts';
import {SupervisorSilent, supervisorGone} from './failures.ts';
import {
  parseAnswer,
  SupervisorFailure,
  type CallName,
  type Calls,
  type Failure,
  type OpenAnswer,
  type OpenRequest,
  type SupervisorRecord,
} from './wire.ts';

/** An open `POST /transition`: while it is held, the change is open. */
export interface Handle {
  id: string;
  release(): void;
}

/** The client's side of the supervisor's control door. */
export class Control {
  readonly record: SupervisorRecord;

  constructor(record: SupervisorRecord) {
    this.record = record;
  }

  /** Asks, and fails with the supervisor's failure, with `supervisor_gone`, or when `deadline` passes. */
  async call<Name extends CallName>(
    name: Name,
    input: Calls[Name]['input'],
    deadline: Duration,
    signal?: AbortSignal,
  ): Promise<Calls[Name]['answer']> {
    const limit = AbortSignal.timeout(deadline);
    try {
      const response = await this.#post(
        `/call/${name}`,
        input,
        signal ? AbortSignal.any([signal, limit]) : limit,
      ).response;
      const text = await readAll(response);
      return resultOf(response, parseAnswer(text)) as Calls[Name]['answer'];
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.aborted) throw new SupervisorSilent(deadline, error);
      throw explainConnection(error);
    }
  }

  /** Opens a transition; resolves when the wanted gateway answers. */
  async open(input: OpenRequest, signal?: AbortSignal): Promise<Handle> {
    const {sent, response} = this.#post('/transition', input, signal);
    try {
      const stream = await response;
      const line = await readLine(stream);
      const answer = resultOf(stream, parseAnswer(line)) as OpenAnswer;
      if ('failure' in answer) throw new SupervisorFailure(answer.failure);
      stream.resume();
      // A supervisor that dies is noticed by the next call; here it must only not crash the owner.
      stream.on('error', () => undefined);
      return {id: answer.opened, release: () => sent.destroy()};
    } catch (error) {
      sent.destroy();
      signal?.throwIfAborted();
      throw explainConnection(error);
    }
  }

  #post(
    path: string,
    input: unknown,
    signal?: AbortSignal,
  ): {sent: ClientRequest; response: Promise<IncomingMessage>} {
    const {promise, resolve, reject} = Promise.withResolvers<IncomingMessage>();
    const {port, token} = this.record;
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      agent: false,
      headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      ...(signal && {signal}),
    });
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.end(JSON.stringify(input));
    return {sent, response: promise};
  }
}

function resultOf(response: IncomingMessage, answer: unknown): unknown {
  if (response.statusCode === 200) return answer;
  throw new SupervisorFailure((answer as {failure: Failure}).failure);
}

/** A supervisor that ends closes its door: to the client these all mean that it is gone. */
const CLOSED = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

function explainConnection(error: unknown): unknown {
  if (error instanceof BerthError || error instanceof SupervisorFailure) return error;
  // Another program may have its port by now: it does not know the token, and its answer is not ours.
  const foreign = error instanceof SyntaxError;
  return foreign || CLOSED.has(systemCode(error) ?? '') ? supervisorGone(error) : error;
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}

/** The first line, or all there is when the stream ends without one. */
async function readLine(stream: IncomingMessage): Promise<string> {
  const {promise, resolve, reject} = Promise.withResolvers<string>();
  let text = '';
  const onData = (chunk: string): void => {
    text += chunk;
    if (text.includes('\n')) finish();
  };
  const finish = (): void => {
    stream.off('data', onData);
    stream.off('end', finish);
    resolve(text);
  };
  stream.setEncoding('utf8').on('data', onData).once('end', finish).once('error', reject);
  return await promise;
}
