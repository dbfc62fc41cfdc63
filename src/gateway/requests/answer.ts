import {ApiError, badRequest, contextExceeded, engineBroke} from '../http/api-error.ts';
import type {ExchangeResult} from '../traffic/exchange.ts';
import {readRefusal, type EngineRefusal} from './engine-refusal.ts';

type Answer = Extract<ExchangeResult, {kind: 'answer'}>;

/** The JSON of an engine's whole answer. Throws what the client is told when the engine failed or refused. */
export function readAnswer(answer: Answer): unknown {
  const value = parse(answer.body);
  if (answer.status >= 200 && answer.status < 300) {
    if (value === undefined) throw engineBroke('The engine answered something that is not JSON.');
    return value;
  }
  throw refusal(answer, readRefusal(value));
}

function refusal({status, retryAfter}: Answer, error: EngineRefusal | undefined): ApiError {
  // The client's key was good; if the engine wants another one, that is not the client's fault.
  if (status === 401 || status === 403) return engineBroke('The engine refused the gateway.');
  if (status < 400 || (!error && status !== 400)) {
    return engineBroke(`The engine answered ${status} where an answer or an error was due.`);
  }
  if (!error) return badRequest('invalid_request', 'The engine did not accept the request.');
  if (error.overflow) return contextExceeded(error.overflow.contextTokens, error.overflow.promptTokens);
  const seconds = Number(retryAfter);
  return new ApiError(error.message ?? `The engine answered ${status}.`, {
    status,
    type: status === 429 ? 'requests' : status < 500 ? 'invalid_request_error' : 'server_error',
    code:
      error.code ?? (status < 500 ? 'invalid_request' : status === 503 ? 'engine_not_ready' : 'engine_error'),
    ...(error.param !== undefined && {param: error.param}),
    ...((status === 429 || status === 503) && {retryAfter: Number.isFinite(seconds) ? seconds : 1}),
  });
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Undefined says it: the callers answer with what the status alone tells.
    return undefined;
  }
}
