import {z} from 'zod';
import type {Clock} from '../base/clock.ts';
import type {Secret} from '../base/secret.ts';
import {ProbeFailure} from './failure.ts';
import {readEvents} from './sse.ts';

/** Where OpenAI's API is asked: an engine, or the gateway with a client's key. */
export interface Target {
  origin: string;
  token?: Secret | undefined;
  /** The id that must be listed and is asked. */
  model: string;
}

const MAX_BODY_BYTES = 1024 * 1024;

const headers = ({token}: Pick<Target, 'token'>): Record<string, string> =>
  token ? {authorization: `Bearer ${token.reveal()}`} : {};

async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (!response.body) return text;
  for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, {stream: true});
    if (text.length > MAX_BODY_BYTES) break;
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const start = text.slice(0, 60);
    throw new ProbeFailure({why: (t) => t.health.notJson({start}), cause: error});
  }
}

const loadingSchema = z.object({progress: z.number().min(0).max(1)});

export type Readiness = {state: 'ready'} | {state: 'loading'; progress?: number};

/** Asks a health path: 200 is ready, 503 is loading (with how far, if it says so), all else is a failure. */
export async function askReadiness(url: string, signal: AbortSignal): Promise<Readiness> {
  const response = await fetch(url, {signal});
  const text = await bodyOf(response);
  if (response.status === 200) return {state: 'ready'};
  if (response.status !== 503) throw wrongStatus(response.status, text);
  const loading = text.trimStart().startsWith('{') ? loadingSchema.safeParse(parseJson(text)) : undefined;
  return loading?.success ? {state: 'loading', progress: loading.data.progress} : {state: 'loading'};
}

const errorSchema = z.object({error: z.object({message: z.string(), code: z.string().nullish()})});

/** A refusal, with the reason that OpenAI's error shape gives. */
function wrongStatus(status: number, text: string): ProbeFailure {
  const refusal = text.trimStart().startsWith('{') ? errorSchema.safeParse(parseJson(text)) : undefined;
  const reason = refusal?.success ? refusal.data.error.message : text.slice(0, 120);
  return new ProbeFailure({
    why: (t) => t.health.wrongStatus({status, reason}),
    try: status === 401 || status === 403 ? ['berth status', 'berth deploy'] : [],
    busy: status === 429,
  });
}

const modelsSchema = z.object({data: z.array(z.object({id: z.string()}))});

/** Asks /v1/models; the model must be in the list. */
export async function askModels(target: Target, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${target.origin}/v1/models`, {headers: headers(target), signal});
  const text = await bodyOf(response);
  if (response.status !== 200) throw wrongStatus(response.status, text);
  const list = modelsSchema.safeParse(parseJson(text));
  const ids = list.success ? list.data.data.map((model) => model.id) : [];
  if (ids.includes(target.model)) return;
  throw new ProbeFailure({
    why: (t) => t.health.modelNotListed({model: target.model, listed: ids.join(', ')}),
  });
}

/** The engine's own numbers, in Prometheus' text form. */
export async function askMetrics(
  {origin, token}: Pick<Target, 'origin' | 'token'>,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(`${origin}/metrics`, {headers: headers({token}), signal});
  const text = await bodyOf(response);
  if (response.status !== 200) throw wrongStatus(response.status, text);
  return text;
}

const chunkSchema = z.object({
  choices: z.array(
    z.object({
      delta: z.object({content: z.string().nullish()}).optional(),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: z.object({prompt_tokens: z.int(), completion_tokens: z.int()}).nullish(),
});

export interface CompletionAsk {
  prompt: string;
  maxTokens: number;
  signal: AbortSignal;
  clock: Clock;
}

export interface Completion {
  text: string;
  finishReason: string;
  firstTokenMs: number;
  durationMs: number;
  promptTokens: number;
  completionTokens: number;
}

/** Characters that a model writes when its weights or its tokenizer are broken. */
function isGarbage(text: string): boolean {
  const characters = Array.from(text.trim());
  // eslint-disable-next-line no-control-regex
  const broken = characters.filter((one) => /[\ufffd\u0000-\u0008\u000e-\u001f]/.test(one));
  return broken.length * 2 > characters.length;
}

/**
 * Streams one chat completion and proves it: an event stream to its `[DONE]`, with text, a finish reason
 * and a usage that counts tokens. Anything less is a ProbeFailure.
 */
export async function askCompletion(target: Target, ask: CompletionAsk): Promise<Completion> {
  const {clock} = ask;
  const started = clock.elapsed();
  const response = await fetch(`${target.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: {'content-type': 'application/json', ...headers(target)},
    body: JSON.stringify({
      model: target.model,
      messages: [{role: 'user', content: ask.prompt}],
      max_tokens: ask.maxTokens,
      temperature: 0,
      stream: true,
      stream_options: {include_usage: true},
    }),
    signal: ask.signal,
  });
  if (response.status !== 200) throw wrongStatus(response.status, await bodyOf(response));
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream') || !response.body) {
    throw new ProbeFailure({why: (t) => t.health.notAStream({type})});
  }
  let text = '';
  let firstTokenMs: number | undefined;
  let finishReason: string | undefined;
  let usage: {prompt_tokens: number; completion_tokens: number} | undefined;
  let done = false;
  for await (const data of readEvents(response.body)) {
    if (done) throw new ProbeFailure({why: (t) => t.health.afterDone});
    if (data === '[DONE]') {
      done = true;
      continue;
    }
    const chunk = readChunk(data);
    const choice = chunk.choices[0];
    if (choice?.delta?.content) {
      firstTokenMs ??= clock.elapsed() - started;
      text += choice.delta.content;
    }
    finishReason = choice?.finish_reason ?? finishReason;
    usage = chunk.usage ?? usage;
  }
  if (!done) throw new ProbeFailure({why: (t) => t.health.streamCut});
  if (firstTokenMs === undefined || text.trim() === '') throw new ProbeFailure({why: (t) => t.health.noText});
  if (isGarbage(text)) throw new ProbeFailure({why: (t) => t.health.garbage});
  if (finishReason === undefined) throw new ProbeFailure({why: (t) => t.health.noFinishReason});
  if (!usage || usage.completion_tokens < 1) throw new ProbeFailure({why: (t) => t.health.noUsage});
  return {
    text,
    finishReason,
    firstTokenMs,
    durationMs: clock.elapsed() - started,
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
  };
}

function readChunk(data: string): z.infer<typeof chunkSchema> {
  const json = parseJson(data);
  const failed = errorSchema.safeParse(json);
  if (failed.success) {
    const {message} = failed.data.error;
    throw new ProbeFailure({why: (t) => t.health.engineSaid({message})});
  }
  const chunk = chunkSchema.safeParse(json);
  if (chunk.success) return chunk.data;
  throw new ProbeFailure({
    why: (t) => t.health.notAChunk({start: data.slice(0, 60)}),
    cause: chunk.error,
  });
}
