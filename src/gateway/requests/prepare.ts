import {badRequest} from '../http/api-error.ts';

export type Operation = 'chat' | 'completion' | 'tokenize' | 'detokenize';

/** A client's request, understood as far as the gateway must, and as it goes to the engine. */
export interface Prepared {
  model: string;
  stream: boolean;
  /** Whether the client wants the closing usage event; the engine is always asked for it. */
  wantsUsage: boolean;
  /** What the prompt says, for counting; token ids where the client sent those. */
  prompt: {texts: string[]; tokens: number};
  body: string;
}

/** The longest answer, in tokens, and whether the engine keeps to it by itself. */
export interface OutputLimit {
  outputTokens: number;
  capsOutput?: boolean;
}

type Fields = Record<string, unknown>;

/** Ways to say how long the answer may get: OpenAI's two, and llama.cpp's own. */
const OUTPUT_LIMITS = ['max_completion_tokens', 'max_tokens', 'n_predict'] as const;

/**
 * Reads a request body. Throws 400 in OpenAI's shape for what the gateway itself needs to understand; every
 * other field goes to the engine as it came. An output limit over `outputTokens` is lowered to it (the answer then
 * says `finish_reason: length`), because clients send generous limits that they do not need; of a chat it is left
 * out where the engine keeps to it anyway.
 */
export function prepare(operation: Operation, raw: Buffer, limit: OutputLimit): Prepared {
  const fields = parseObject(raw);
  const model = readModel(fields);
  if (operation === 'tokenize' || operation === 'detokenize') {
    return {model, stream: false, wantsUsage: false, prompt: {texts: [], tokens: 0}, body: write(fields)};
  }
  const prompt = operation === 'chat' ? readMessages(fields.messages) : readPrompt(fields.prompt);
  const stream = readBoolean(fields, 'stream');
  const streamOptions = readStreamOptions(fields.stream_options);
  const changed: Fields = {...fields, ...outputLimits(fields, limit, operation)};
  if (stream) changed.stream_options = {...streamOptions, include_usage: true};
  return {model, stream, wantsUsage: streamOptions.include_usage === true, prompt, body: write(changed)};
}

function parseObject(raw: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(raw));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/["'`].*$/s, '').trim() : 'malformed';
    throw badRequest('invalid_json', `We could not parse the JSON body of your request: ${reason}`);
  }
  if (!isObject(value)) throw badRequest('invalid_type', 'The request body must be a JSON object.');
  return value;
}

/** Writing can fail where reading did not: a body nested too deep for the stack. */
function write(fields: Fields): string {
  try {
    return JSON.stringify(fields);
  } catch {
    throw badRequest('invalid_json', 'The JSON body of your request is nested too deep.');
  }
}

function readModel(fields: Fields): string {
  const model = fields.model;
  if (model === undefined || model === null) {
    throw badRequest('missing_required_parameter', 'You must provide a model parameter.', 'model');
  }
  if (typeof model !== 'string') throw wrongType('model', 'a string');
  return model;
}

function readMessages(messages: unknown): Prepared['prompt'] {
  if (messages === undefined || messages === null) {
    throw badRequest('missing_required_parameter', "Missing required parameter: 'messages'.", 'messages');
  }
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array of objects');
  if (messages.length === 0) {
    throw badRequest('empty_array', "Invalid 'messages': expected at least one message.", 'messages');
  }
  const texts = messages.flatMap((message: unknown, index) => {
    if (!isObject(message)) throw wrongType(`messages[${index}]`, 'an object');
    if (typeof message.role !== 'string') throw wrongType(`messages[${index}].role`, 'a string');
    return textsOf(message.content, `messages[${index}].content`);
  });
  return {texts, tokens: 0};
}

function textsOf(content: unknown, param: string): string[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) throw wrongType(param, 'a string or an array of content parts');
  return content.map((part: unknown, index) => {
    if (!isObject(part)) throw wrongType(`${param}[${index}]`, 'an object');
    return typeof part.text === 'string' ? part.text : '';
  });
}

function readPrompt(prompt: unknown): Prepared['prompt'] {
  if (prompt === undefined || prompt === null) {
    throw badRequest('missing_required_parameter', "Missing required parameter: 'prompt'.", 'prompt');
  }
  const parts: unknown[] = Array.isArray(prompt) ? prompt.flat() : [prompt];
  const texts = parts.filter((part) => typeof part === 'string');
  const tokens = parts.filter((part) => Number.isInteger(part)).length;
  if (texts.length + tokens !== parts.length)
    throw wrongType('prompt', 'a string, or an array of strings or tokens');
  return {texts, tokens};
}

function readBoolean(fields: Fields, param: string): boolean {
  const value = fields[param] ?? false;
  if (typeof value !== 'boolean') throw wrongType(param, 'a boolean');
  return value;
}

function readStreamOptions(value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw wrongType('stream_options', 'an object');
  return value;
}

function outputLimits(fields: Fields, limit: OutputLimit, operation: Operation): Fields {
  const {outputTokens, capsOutput = false} = limit;
  // A plain completion without a limit is a short one by OpenAI's rules: it keeps the number.
  const unsaid = capsOutput && operation === 'chat';
  const given = OUTPUT_LIMITS.filter((name) => fields[name] !== undefined && fields[name] !== null);
  if (given.length === 0) return unsaid ? {} : {max_tokens: outputTokens};
  return Object.fromEntries(
    given.map((name) => {
      const value = fields[name];
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(name, 'an integer');
      if (value < 1)
        throw badRequest('integer_below_min_value', `Invalid '${name}': must be at least 1.`, name);
      if (unsaid && value >= outputTokens) return [name, undefined];
      return [name, Math.min(value, outputTokens)];
    }),
  );
}

const wrongType = (param: string, wanted: string): Error =>
  badRequest('invalid_type', `Invalid type for '${param}': expected ${wanted}.`, param);

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
