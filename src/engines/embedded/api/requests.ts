import {z} from 'zod';
import {badRequest} from './errors.ts';

/** How the next token is chosen. */
export interface Sampling {
  /** 0 always takes the likeliest token. */
  temperature: number;
  topP: number;
  /** 0 considers every token. */
  topK: number;
  minP: number;
  /** 32 bits. The same seed, prompt and settings give the same answer. */
  seed?: number;
}

/** What both completion endpoints have in common, parsed and completed. */
export interface AnswerWish {
  /** The id asked for, when the request names one. */
  model?: string;
  sampling: Sampling;
  /** Answer tokens at most; the context's end when undefined. */
  maxTokens?: number;
  stop: readonly string[];
  ignoreEos: boolean;
  stream: boolean;
  includeUsage: boolean;
}

export interface ChatMessage {
  role: string;
  content: string;
  name?: string;
}

export interface ChatWish extends AnswerWish {
  messages: readonly ChatMessage[];
}

export interface CompletionWish extends AnswerWish {
  prompt: string | readonly number[];
}

/** A field that may be absent or null, which OpenAI treats alike. */
const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

const stopSchema = z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]);

const commonFields = {
  model: optional(z.string()),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  top_k: optional(z.int().min(-1)),
  min_p: optional(z.number().min(0).max(1)),
  seed: optional(z.number().refine(Number.isInteger, 'expected an integer')),
  stop: optional(stopSchema),
  max_tokens: optional(z.int().min(1)),
  ignore_eos: optional(z.boolean()),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({include_usage: optional(z.boolean())})),
};

const textPart = z.object({type: z.literal('text'), text: z.string()});
const contentSchema = z.union(
  [z.string(), z.array(textPart).transform((parts) => parts.map((p) => p.text).join(''))],
  {
    error: 'expected a string or an array of text parts; other kinds of content are not supported',
  },
);

const messageSchema = z
  .object({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
    content: optional(contentSchema),
    name: optional(z.string()),
  })
  .transform(({role, content, name}, context): ChatMessage => {
    if (content === undefined && role !== 'assistant') {
      context.addIssue({
        code: 'custom',
        path: ['content'],
        message: 'expected a string or an array of text parts',
      });
    }
    // Templates know no `developer`: it is the newer name of `system`.
    return {
      role: role === 'developer' ? 'system' : role,
      content: content ?? '',
      ...(name !== undefined && {name}),
    };
  });

const chatSchema = z.object({
  ...commonFields,
  messages: z.array(messageSchema).min(1, 'expected at least one message'),
  max_completion_tokens: optional(z.int().min(1)),
});

const tokenIds = z.array(z.int().min(0)).min(1);
const completionSchema = z.object({
  ...commonFields,
  prompt: z.union([z.string().min(1), z.tuple([z.string().min(1)]), tokenIds, z.tuple([tokenIds])], {
    error: 'expected one prompt: a string that is not empty, or an array of token ids',
  }),
});

/** What would change the answer and is not done here. A request that asks for it must not be answered as if it had not. */
const unsupported: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value !== 1,
  best_of: (value) => value !== 1,
  logprobs: (value) => value !== false,
  top_logprobs: () => true,
  echo: (value) => value !== false,
  suffix: (value) => value !== '',
  tools: isFilled,
  functions: isFilled,
  logit_bias: isFilled,
  presence_penalty: (value) => value !== 0,
  frequency_penalty: (value) => value !== 0,
  audio: () => true,
  modalities: (value) => !(Array.isArray(value) && value.every((item) => item === 'text')),
  response_format: (value) => (value as {type?: unknown}).type !== 'text',
};

function isFilled(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
}

function refuseUnsupported(body: unknown): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest('The body must be a JSON object.');
  }
  for (const [field, value] of Object.entries(body)) {
    if (value === null || value === undefined || !Object.hasOwn(unsupported, field)) continue;
    if (unsupported[field]?.(value)) {
      throw badRequest(`${field}: this engine does not support this value.`, field, 'unsupported_parameter');
    }
  }
}

/** The value, or a 400 that names the first field at fault. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw badRequest(
    `${path === '' ? 'body' : path}: ${issue?.message ?? 'not valid'}`,
    path === '' ? undefined : path,
  );
}

type Common = z.infer<z.ZodObject<typeof commonFields>>;

function answerWish(body: Common, maxTokens: number | undefined): AnswerWish {
  if (body.stream_options && body.stream !== true) {
    throw badRequest('stream_options: only allowed when stream is true.', 'stream_options');
  }
  return {
    ...(body.model !== undefined && {model: body.model}),
    sampling: {
      temperature: body.temperature ?? 1,
      topP: body.top_p ?? 1,
      topK: Math.max(0, body.top_k ?? 0),
      minP: body.min_p ?? 0,
      ...(body.seed !== undefined && {seed: seed32(body.seed)}),
    },
    ...(maxTokens !== undefined && {maxTokens}),
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
    ignoreEos: body.ignore_eos ?? false,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
  };
}

/** Any integer, folded to the 32 bits that the sampler takes. */
const seed32 = (seed: number): number => ((seed % 2 ** 32) + 2 ** 32) % 2 ** 32;

export function parseChat(body: unknown): ChatWish {
  refuseUnsupported(body);
  const chat = parseBody(chatSchema, body);
  return {...answerWish(chat, chat.max_completion_tokens ?? chat.max_tokens), messages: chat.messages};
}

export function parseCompletion(body: unknown): CompletionWish {
  refuseUnsupported(body);
  const completion = parseBody(completionSchema, body);
  const [first] = completion.prompt;
  // A list of one prompt is that prompt.
  const prompt =
    typeof completion.prompt === 'string'
      ? completion.prompt
      : typeof first === 'number'
        ? (completion.prompt as number[])
        : (first ?? []);
  return {...answerWish(completion, completion.max_tokens), prompt};
}

const tokenizeSchema = z
  .object({content: optional(z.string()), prompt: optional(z.string()), add_special: optional(z.boolean())})
  .refine((body) => body.content !== undefined || body.prompt !== undefined, {
    path: ['content'],
    message: 'expected a string',
  })
  .transform((body) => ({text: body.content ?? body.prompt ?? '', addSpecial: body.add_special ?? false}));

/** `content` as llama.cpp's server names the text, or `prompt` as vLLM does. */
export const parseTokenize = (body: unknown): {text: string; addSpecial: boolean} =>
  parseBody(tokenizeSchema, body);

export const parseDetokenize = (body: unknown): {tokens: number[]} =>
  parseBody(z.object({tokens: z.array(z.int().min(0))}), body);
