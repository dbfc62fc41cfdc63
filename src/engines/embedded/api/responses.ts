import {randomBytes} from 'node:crypto';

export type FinishReason = 'stop' | 'length';

/** Exact counts. An end-of-answer token that the model produced is counted: it was computed like the others. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** Prompt tokens whose KV was still held from an earlier request. */
  cachedTokens: number;
}

const usageBody = (usage: Usage) => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  total_tokens: usage.promptTokens + usage.completionTokens,
  prompt_tokens_details: {cached_tokens: usage.cachedTokens},
});

/** Writes one endpoint's answers, whole and in pieces. */
export interface Shape {
  readonly id: string;
  whole(text: string, finish: FinishReason, usage: Usage): object;
  /** The event before the first text, where the endpoint has one. */
  opening(): string;
  piece(text: string): string;
  closing(finish: FinishReason): string;
  /** The last event, with empty choices. */
  usage(usage: Usage): string;
}

interface ShapeOptions {
  model: string;
  /** Unix seconds. */
  created: number;
  /** Chunks carry `usage: null` when the last one will carry the counts. */
  includeUsage: boolean;
}

const event = (body: string): string => `data: ${body}\n\n`;
export const streamEnd = 'data: [DONE]\n\n';

/** One token is one event: everything that never changes is serialised once. */
function streamOf(envelope: object, includeUsage: boolean, delta: (text: string) => string) {
  const head = JSON.stringify(envelope).slice(0, -1);
  const tail = `${includeUsage ? ',"usage":null' : ''}}`;
  const chunk = (inner: string, finish: string): string =>
    event(`${head},"choices":[{"index":0,${inner},"logprobs":null,"finish_reason":${finish}}]${tail}`);
  return {
    chunk,
    piece: (text: string) => chunk(delta(JSON.stringify(text)), 'null'),
    usage: (usage: Usage) => event(`${head},"choices":[],"usage":${JSON.stringify(usageBody(usage))}}`),
  };
}

export function chatShape({model, created, includeUsage}: ShapeOptions): Shape {
  const id = `chatcmpl-${randomBytes(12).toString('hex')}`;
  const stream = streamOf(
    {id, object: 'chat.completion.chunk', created, model},
    includeUsage,
    (text) => `"delta":{"content":${text}}`,
  );
  return {
    id,
    whole: (text, finish, usage) => ({
      id,
      object: 'chat.completion',
      created,
      model,
      choices: [
        {
          index: 0,
          message: {role: 'assistant', content: text, refusal: null},
          logprobs: null,
          finish_reason: finish,
        },
      ],
      usage: usageBody(usage),
    }),
    opening: () => stream.chunk('"delta":{"role":"assistant","content":""}', 'null'),
    piece: stream.piece,
    closing: (finish) => stream.chunk('"delta":{}', `"${finish}"`),
    usage: stream.usage,
  };
}

export function completionShape({model, created, includeUsage}: ShapeOptions): Shape {
  const id = `cmpl-${randomBytes(12).toString('hex')}`;
  const envelope = {id, object: 'text_completion', created, model};
  const stream = streamOf(envelope, includeUsage, (text) => `"text":${text}`);
  return {
    id,
    whole: (text, finish, usage) => ({
      ...envelope,
      choices: [{index: 0, text, logprobs: null, finish_reason: finish}],
      usage: usageBody(usage),
    }),
    opening: () => '',
    piece: stream.piece,
    closing: (finish) => stream.chunk('"text":""', `"${finish}"`),
    usage: stream.usage,
  };
}
