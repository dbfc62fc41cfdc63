import {request, type ClientRequest, type IncomingMessage, type RequestOptions} from 'node:http';
import {setTimeout as delay} from 'node:timers/promises';
import {BerthError, systemCode} from '../../../../base/errors.ts';
import {seconds, type Duration} from '../../../../base/units.ts';
import {SupervisorSilent, supervisorGone} from './failures.ts';
import {
  BEAT_MS,
  parseAnswer,
  SupervisorFailure,
  type CallName,
  type Calls,
  type Failure,
  type OpenAnswer,
  type OpenRequest,
} from '../wire.ts';

/** A look whether a silent supervisor is there takes no longer; a cut cable is noticed by then. */
const LOOK = seconds(20);

/** An open `POST /transition`: while it is held, the change is open. */
export interface Handle {
  id: string;
  /** Why the line that holds it open broke, when that is known: the supervisor has let go of the change then. */
  lost(): BerthError | undefined;
  release(): void;
}

/** How a supervisor is reached. */
export interface Door {
  /** Where its requests go: host and port, or an agent that knows the way. */
  options: Pick<RequestOptions, 'host' | 'port' | 'agent'> & {headers?: Readonly<Record<string, string>>};
  /** Whether that very supervisor still runs. */
  isAlive(): Promise<boolean>;
}

/** The client's side of the supervisor's control door. */
export class Control {
  readonly #door: Door;

  constructor(door: Door) {
    this.#door = door;
  }

  isAlive(): Promise<boolean> {
    return this.#door.isAlive();
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
      const {sent, response: coming} = this.#post(
        `/call/${name}`,
        signal ? AbortSignal.any([signal, limit]) : limit,
      );
      sent.end(JSON.stringify(input));
      const response = await coming;
      const text = await readAll(response);
      return resultOf(response, parseAnswer(text)) as Calls[Name]['answer'];
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.aborted) throw await this.#silent(deadline, error);
      throw explainConnection(error);
    }
  }

  /** Opens a transition; resolves when the wanted gateway answers. */
  async open(input: OpenRequest, signal?: AbortSignal): Promise<Handle> {
    const {sent, response} = this.#post('/transition', signal);
    sent.write(`${JSON.stringify(input)}\n`);
    const beat = setInterval(() => sent.write('\n'), BEAT_MS).unref();
    sent.once('close', () => clearInterval(beat));
    try {
      const stream = await response;
      const line = await readLine(stream);
      const answer = resultOf(stream, parseAnswer(line)) as OpenAnswer;
      if ('failure' in answer) throw new SupervisorFailure(answer.failure);
      stream.resume();
      // Whatever breaks the line is told by the next call; here it must only not crash the owner.
      let lost: BerthError | undefined;
      for (const end of [sent, stream]) {
        end.on('error', (error: unknown) => (lost ??= error instanceof BerthError ? error : undefined));
      }
      return {id: answer.opened, lost: () => lost, release: () => sent.destroy()};
    } catch (error) {
      sent.destroy();
      signal?.throwIfAborted();
      throw explainConnection(error);
    }
  }

  /** No answer came in time: from a supervisor that is there, or because it is not, or cannot be reached. */
  async #silent(deadline: Duration, cause: unknown): Promise<BerthError> {
    const silent = new SupervisorSilent(deadline, cause);
    try {
      const alive = await Promise.race([this.isAlive(), delay(LOOK, true, {ref: false})]);
      return alive ? silent : supervisorGone(cause);
    } catch (error) {
      return error instanceof BerthError ? error : silent;
    }
  }

  #post(path: string, signal?: AbortSignal): {sent: ClientRequest; response: Promise<IncomingMessage>} {
    const {promise, resolve, reject} = Promise.withResolvers<IncomingMessage>();
    const {headers, ...where} = this.#door.options;
    const sent = request({
      ...where,
      path,
      method: 'POST',
      headers: {...headers, 'content-type': 'application/json'},
      ...(signal && {signal}),
    });
    sent.once('response', resolve);
    sent.on('error', reject);
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
