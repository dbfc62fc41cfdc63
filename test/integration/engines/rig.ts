import {fork, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {writeNano} from '../../../src/models/index.ts';

const MAIN = fileURLToPath(new URL('../../../src/engines/embedded/main.ts', import.meta.url));
export const TOKEN = 'the-token-of-this-test';

/** A temporary folder with nano's weights in it. */
export async function weightsFolder(): Promise<AsyncDisposable & {path: string; nano: string}> {
  const path = await mkdtemp(join(tmpdir(), 'berth-engine-'));
  const nano = join(path, 'nano.gguf');
  await writeNano(nano);
  return {path, nano, [Symbol.asyncDispose]: () => rm(path, {recursive: true, force: true})};
}

/** Starts the engine's program as a supervisor does. Resolves before it is ready. */
export function startEngine(weights: string, flags: readonly string[] = []): RunningEngine {
  const argv = ['--port', '0', '--model', 'nano', '--weights', weights, ...withContext(flags)];
  const child = fork(MAIN, argv, {silent: true, env: {...process.env, BERTH_ENGINE_TOKEN: TOKEN}});
  return new RunningEngine(child);
}

const withContext = (flags: readonly string[]): readonly string[] =>
  flags.includes('--context') ? flags : ['--context', '2048', ...flags];

export class RunningEngine implements AsyncDisposable {
  readonly child: ChildProcess;
  /** Everything that it logged. */
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  #origin: string | undefined;
  readonly #woken = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    this.exited = once(child, 'close').then(([code]) => code as number | null);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({input: stream}).on('line', (line) => this.#hear(line));
    }
  }

  #hear(line: string): void {
    this.lines.push(line);
    this.#origin ??= /listening on (http:\S+)/.exec(line)?.[1];
    for (const wake of this.#woken) wake();
  }

  /** Resolves with the first line that matches; throws with the log when the program ends before. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const {promise, resolve} = Promise.withResolvers<boolean>();
      const wake = (): void => resolve(false);
      this.#woken.add(wake);
      const ended = await Promise.race([promise, this.exited.then(() => true)]);
      this.#woken.delete(wake);
      if (ended && !this.lines.some((line) => pattern.test(line))) {
        throw new Error(`the engine ended without ${pattern}:\n${this.lines.join('\n')}`);
      }
    }
  }

  async ready(): Promise<this> {
    await this.line(/ ready: /);
    return this;
  }

  get origin(): string {
    if (this.#origin === undefined) throw new Error('the engine does not listen yet');
    return this.#origin;
  }

  get(path: string): Promise<Response> {
    return fetch(this.origin + path, {headers: {authorization: `Bearer ${TOKEN}`}});
  }

  post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    return fetch(this.origin + path, {
      method: 'POST',
      headers: {authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json'},
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && {signal}),
    });
  }

  /** One number of `/metrics`. */
  async metric(name: string): Promise<number> {
    const text = await (await this.get('/metrics')).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`berth_engine_${name} `));
    const value = line?.split(' ').at(-1);
    if (value === undefined) throw new Error(`no metric ${name} in:\n${text}`);
    return Number(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

export const ask = (text: string, more: object = {}): object => ({
  model: 'nano',
  messages: [{role: 'user', content: text}],
  temperature: 0,
  ...more,
});

/** The parsed `data:` events of a stream that has ended, `[DONE]` excluded. */
export async function events(response: Response): Promise<StreamEvent[]> {
  const blocks = (await response.text()).split('\n\n').filter((block) => block !== '');
  if (blocks.pop() !== 'data: [DONE]') throw new Error('the stream did not end with [DONE]');
  return blocks.map((block) => JSON.parse(block.slice('data: '.length)) as StreamEvent);
}

export interface StreamEvent {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: {
    index: number;
    delta?: {role?: string; content?: string};
    text?: string;
    finish_reason: string | null;
  }[];
  usage?: UsageBody | null;
}

export interface UsageBody {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: {cached_tokens: number};
}

export interface Completion {
  id: string;
  object: string;
  model: string;
  choices: {message: {role: string; content: string}; text: string; finish_reason: string}[];
  usage: UsageBody;
}

export interface Failure {
  error: {message: string; type: string; param: string | null; code: string | null};
}

export const textOf = (parts: readonly StreamEvent[]): string =>
  parts.map((part) => part.choices[0]?.delta?.content ?? part.choices[0]?.text ?? '').join('');

export const jsonOf = async <T>(response: Response): Promise<T> => (await response.json()) as T;
