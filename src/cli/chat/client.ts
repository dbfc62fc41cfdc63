import {z} from 'zod';
import type {Clock} from '../../base/clock.ts';
import {BerthError, ExitCode, systemCode} from '../../base/errors.ts';
import type {Secret} from '../../base/secret.ts';
import {sseData} from './sse.ts';

/** Where to talk: the door of a deployment. */
export interface Door {
  /** `http://127.0.0.1:8080`, no path. */
  url: string;
  key: Secret | undefined;
  model: string;
}

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface AskOptions {
  messages: readonly Message[];
  temperature?: number | undefined;
  /** Longest answer in tokens; the gateway's limit when undefined. */
  maxTokens?: number | undefined;
  signal: AbortSignal;
  clock: Clock;
  /** Called with each piece of the answer as it comes. */
  onText: (text: string) => void;
}

export interface Answer {
  text: string;
  /** `stop`, `length`; undefined when the answer was stopped by the person. */
  finishReason: string | undefined;
  usage: {promptTokens: number; completionTokens: number} | undefined;
  /** Milliseconds from the request to the first text; undefined when there was none. */
  ttftMs: number | undefined;
}

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({content: z.string().nullish()}).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z.object({prompt_tokens: z.number(), completion_tokens: z.number()}).nullish(),
  error: z.object({message: z.string()}).optional(),
});

/** Asks once and streams the answer. An abort ends it early: what has come is the answer. */
export async function ask(door: Door, options: AskOptions): Promise<Answer> {
  const {clock, signal} = options;
  const started = clock.elapsed();
  const answer: Answer = {text: '', finishReason: undefined, usage: undefined, ttftMs: undefined};
  try {
    const response = await post(door, '/v1/chat/completions', bodyOf(door, options), signal);
    if (!response.body) throw cutOff(door);
    let ended = false;
    for await (const data of sseData(response.body)) {
      ended = data === '[DONE]';
      if (ended) break;
      const chunk = chunkSchema.parse(JSON.parse(data));
      if (chunk.error) throw refused(door, chunk.error.message);
      const [choice] = chunk.choices;
      const text = choice?.delta?.content ?? '';
      if (text !== '') {
        answer.ttftMs ??= clock.elapsed() - started;
        answer.text += text;
        options.onText(text);
      }
      answer.finishReason = choice?.finish_reason ?? answer.finishReason;
      if (chunk.usage) {
        answer.usage = {
          promptTokens: chunk.usage.prompt_tokens,
          completionTokens: chunk.usage.completion_tokens,
        };
      }
    }
    if (!ended) throw cutOff(door);
  } catch (error) {
    if (signal.aborted) return answer;
    if (isConnectionError(error)) throw answer.text === '' ? unreachable(door, error) : cutOff(door, error);
    throw error;
  }
  return answer;
}

/** The first model that the door lists. */
export async function firstModel(door: Omit<Door, 'model'>, signal: AbortSignal): Promise<string> {
  const named = {...door, model: ''};
  try {
    const response = await request(named, '/v1/models', {signal});
    const {data} = z.object({data: z.array(z.object({id: z.string()}))}).parse(await response.json());
    const [first] = data;
    if (first) return first.id;
  } catch (error) {
    if (isConnectionError(error)) throw unreachable(named, error);
    throw error;
  }
  throw refused(named, 'no model is served');
}

const bodyOf = (door: Door, {messages, temperature, maxTokens}: AskOptions): object => ({
  model: door.model,
  messages,
  stream: true,
  stream_options: {include_usage: true},
  ...(temperature !== undefined && {temperature}),
  ...(maxTokens !== undefined && {max_tokens: maxTokens}),
});

const post = (door: Door, path: string, body: object, signal: AbortSignal): Promise<Response> =>
  request(door, path, {
    method: 'POST',
    signal,
    headers: {'content-type': 'application/json'},
    body: JSON.stringify(body),
  });

async function request(door: Door, path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (door.key) headers.set('authorization', `Bearer ${door.key.reveal()}`);
  const response = await fetch(new URL(path, door.url), {...init, headers});
  if (response.ok) return response;
  throw refused(door, await reasonOf(response), response.status);
}

async function reasonOf(response: Response): Promise<string> {
  const text = await response.text();
  const parsed = z.object({error: z.object({message: z.string()})}).safeParse(jsonOf(text));
  return parsed.success ? parsed.data.error.message : `HTTP ${response.status} ${text.slice(0, 200)}`.trim();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: then it is told as it is.
    return undefined;
  }
}

/** fetch wraps whatever broke the connection in a TypeError whose cause is the system's error. */
const isConnectionError = (error: unknown): boolean =>
  error instanceof TypeError && error.cause instanceof Error;

const unreachable = ({url}: Pick<Door, 'url'>, cause: unknown): BerthError =>
  new BerthError({
    code: 'gateway_unreachable',
    what: (t) => t.cli.chat.unreachable({url}),
    exit: ExitCode.unreachable,
    try: ['berth status', 'berth start'],
    details: {url, cause: systemCode(cause instanceof Error ? cause.cause : undefined) ?? 'unknown'},
    cause,
  });

const cutOff = ({url}: Pick<Door, 'url'>, cause?: unknown): BerthError =>
  new BerthError({
    code: 'answer_cut_off',
    what: (t) => t.cli.chat.cutOff({url}),
    exit: ExitCode.unhealthy,
    try: ['berth health', 'berth logs'],
    details: {url},
    cause,
  });

function refused({url}: Pick<Door, 'url'>, reason: string, status?: number): BerthError {
  const noKey = status === 401 || status === 403;
  return new BerthError({
    code: noKey ? 'key_refused' : 'request_refused',
    what: (t) => (noKey ? t.cli.chat.keyRefused({url}) : t.cli.chat.refused({url})),
    why: () => reason,
    exit: status === 503 ? ExitCode.unhealthy : ExitCode.failed,
    try: noKey ? ['berth status'] : ['berth health'],
    details: {url, ...(status !== undefined && {status})},
  });
}
