import {isObject} from './prepare.ts';

type Fields = Record<string, unknown>;

/** What an engine refused a request with: its error object, and the numbers when the context was the reason. */
export interface EngineRefusal {
  message: string | undefined;
  code: string | undefined;
  param: string | undefined;
  /** Tokens of the prompt, where the engine tells them, and tokens that the context holds. */
  overflow: {promptTokens: number | undefined; contextTokens: number} | undefined;
}

/**
 * Reads the error in an engine's answer: OpenAI's shape, or the object itself (older vLLM). Engines tell
 * a context that is too small in their own ways; here is the only place that knows them.
 */
export function readRefusal(value: unknown): EngineRefusal | undefined {
  if (!isObject(value)) return undefined;
  const error = isObject(value.error) ? value.error : value.object === 'error' ? value : undefined;
  if (!error) return undefined;
  const text = (name: string): string | undefined => {
    const field = error[name];
    return typeof field === 'string' ? field : undefined;
  };
  const message = text('message');
  return {
    message,
    code: text('code'),
    param: text('param'),
    // The embedded engine says it in OpenAI's words already.
    overflow:
      text('code') === 'context_length_exceeded'
        ? undefined
        : (llamaServerOverflow(error) ?? vllmOverflow(message ?? '')),
  };
}

function llamaServerOverflow(error: Fields): EngineRefusal['overflow'] {
  const {type, n_prompt_tokens: prompt, n_ctx: context} = error;
  if (type !== 'exceed_context_size_error' || typeof context !== 'number') return undefined;
  return {promptTokens: typeof prompt === 'number' ? prompt : undefined, contextTokens: context};
}

const VLLM_LIMIT = /maximum (?:context|model) length is (\d+) tokens?/;
/** "your prompt contains at least 4097 input tokens", "you requested 9000 tokens (8800 in the messages, …)". */
const VLLM_PROMPT =
  /(?:contains (?:at least )?|\(|fills it with )(\d+) (?:input tokens|in the messages|in the prompt)/;

function vllmOverflow(message: string): EngineRefusal['overflow'] {
  const context = VLLM_LIMIT.exec(message)?.[1];
  if (context === undefined) return undefined;
  const prompt = VLLM_PROMPT.exec(message)?.[1];
  return {promptTokens: prompt === undefined ? undefined : Number(prompt), contextTokens: Number(context)};
}
