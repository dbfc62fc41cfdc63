import {badRequest, engineBroke} from '../http/api-error.ts';
import {exchange} from '../traffic/exchange.ts';
import type {Route} from '../traffic/route.ts';
import {readAnswer} from './answer.ts';
import {isObject, type Prepared} from './prepare.ts';

/**
 * Throws 400 when the prompt's text has more than `cap` tokens. A token stands for at least one byte, so
 * most prompts pass without asking; the engine counts the others. The chat template's tokens do not count.
 */
export async function checkPrompt(
  prepared: Prepared,
  cap: number | undefined,
  route: Route,
  signal: AbortSignal,
): Promise<void> {
  if (cap === undefined) return;
  const {texts, tokens} = prepared.prompt;
  const length = texts.reduce((sum, text) => sum + Buffer.byteLength(text), tokens);
  if (length <= cap) return;
  const counted =
    tokens + (texts.length === 0 ? 0 : await count(texts.join('\n'), prepared.model, route, signal));
  if (counted <= cap) return;
  throw badRequest(
    'context_length_exceeded',
    `This gateway accepts prompts of at most ${cap} tokens; yours has ${counted}.`,
  );
}

async function count(text: string, model: string, route: Route, signal: AbortSignal): Promise<number> {
  // `prompt` is vLLM's name for the text, `content` llama.cpp's.
  const body = JSON.stringify({model, prompt: text, content: text});
  const result = await exchange(route, {method: 'POST', path: '/tokenize', body, headers: {}}, signal);
  if (result.kind === 'aborted') throw result.reason;
  if (result.kind !== 'answer') throw engineBroke('The engine could not count the tokens of the prompt.');
  const value = readAnswer(result);
  if (isObject(value) && typeof value.count === 'number') return value.count;
  if (isObject(value) && Array.isArray(value.tokens)) return value.tokens.length;
  throw engineBroke('The engine could not count the tokens of the prompt.');
}
