import type {Duplex} from 'node:stream';
import {BerthError, ExitCode} from '../base/errors.ts';
import {hearJsonLines} from '../base/json-lines.ts';
import {silent, type Progress} from '../base/progress.ts';
import {sayAgain} from '../base/texts/index.ts';
import {
  AGENT_BEAT_MS,
  fromWire,
  parseLine,
  PROTOCOL,
  type Answer,
  type CallName,
  type Calls,
  type Purpose,
  type Question,
} from './wire.ts';

interface Pending {
  progress: Progress;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

interface Greeted {
  protocol: number | undefined;
  stream: Duplex;
  leave(): void;
}

/** What an agent is made of: what is there already, or exactly what this client would build. */
export type AgentImage = 'present' | 'exact';

/** The client's side of an agent. It is started when it is first asked, or before by `begin`. */
export class Agent {
  readonly #start: (image: AgentImage) => Promise<Duplex>;
  readonly #purpose: Purpose;
  readonly #host: string;
  readonly #pending = new Map<number, Pending>();
  #stream: Promise<Duplex> | undefined;
  #nextId = 1;

  constructor(host: string, purpose: Purpose, start: (image: AgentImage) => Promise<Duplex>) {
    this.#host = host;
    this.#purpose = purpose;
    this.#start = start;
  }

  /** Starts it, so that the first question need not wait. What fails is told to who asks. */
  async begin(): Promise<void> {
    this.#stream ??= this.#open();
    await this.#stream.catch(() => undefined);
  }

  /** Asks, and fails with the error of the agent, or with `agent_gone` when it ends without an answer. */
  async ask<Name extends CallName>(
    call: Name,
    input: Calls[Name]['input'],
    options: {progress?: Progress; signal?: AbortSignal} = {},
  ): Promise<Calls[Name]['answer']> {
    this.#stream ??= this.#open();
    const stream = await this.#stream.catch((error: unknown) => {
      // What could not be started now may be when it is asked the next time.
      this.#stream = undefined;
      throw error;
    });
    options.signal?.throwIfAborted();
    // Work that is given up ends with its agent; the next question starts another.
    const giveUp = (): void => void stream.destroy();
    options.signal?.addEventListener('abort', giveUp, {once: true});
    try {
      return (await this.#put(stream, call, input, options.progress)) as Calls[Name]['answer'];
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', giveUp);
    }
  }

  async #open(): Promise<Duplex> {
    const present = await this.#greet(await this.#start('present'));
    if (present.protocol === PROTOCOL) return present.stream;
    // An image of another Berth, which may understand each question in its own way.
    present.leave();
    const exact = await this.#greet(await this.#start('exact'));
    if (exact.protocol === PROTOCOL) return exact.stream;
    exact.leave();
    throw new Error(`the agent on ${this.#host} speaks protocol ${exact.protocol}, not ${PROTOCOL}`);
  }

  /** Says hello; whoever has heard the answer takes the stream or leaves it. */
  async #greet(stream: Duplex): Promise<Greeted> {
    void hearJsonLines(stream, (answer) => this.#hear(answer as Answer), parseLine);
    const beat = setInterval(() => void stream.write('\n'), AGENT_BEAT_MS).unref();
    let left = false;
    const lose = (cause?: unknown): void => {
      clearInterval(beat);
      if (!left) this.#lose(cause);
    };
    stream.once('close', () => lose()).once('error', lose);
    const {protocol} = (await this.#put(stream, 'hello', this.#purpose)) as Calls['hello']['answer'];
    return {
      protocol,
      stream,
      leave: () => {
        left = true;
        stream.destroy();
      },
    };
  }

  #put<Name extends CallName>(
    stream: Duplex,
    call: Name,
    input: Calls[Name]['input'],
    progress: Progress = silent,
  ): Promise<unknown> {
    const {promise, resolve, reject} = Promise.withResolvers<unknown>();
    const question: Question<Name> = {id: this.#nextId++, call, input};
    this.#pending.set(question.id, {progress, resolve, reject});
    if (stream.destroyed) this.#lose(undefined);
    else stream.write(`${JSON.stringify(question)}\n`);
    return promise;
  }

  #hear(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    if ('progress' in answer) {
      const {said, ...event} = answer.progress;
      pending.progress({...event, say: sayAgain(said)});
      return;
    }
    this.#pending.delete(answer.id);
    if ('error' in answer) pending.reject(fromWire(answer.error));
    else pending.resolve(answer.result);
  }

  #lose(cause: unknown): void {
    this.#stream = undefined;
    // A lost connection says itself what was lost.
    const gone = cause instanceof BerthError ? cause : agentGone(this.#host, cause);
    for (const {reject} of this.#pending.values()) reject(gone);
    this.#pending.clear();
  }
}

const agentGone = (host: string, cause: unknown): BerthError =>
  new BerthError({
    code: 'agent_gone',
    what: (t) => t.hosts.agentGone({host}),
    try: [`berth doctor --host ${host}`],
    exit: ExitCode.unreachable,
    cause,
  });
