import {ApiError, badRequest, engineBroke} from '../http/api-error.ts';
import type {ExchangeResult} from '../traffic/exchange.ts';
import {isObject} from './prepare.ts';

type Answer = Extract<ExchangeResult, {kind: 'answer'}>;

/** The JSON of an engine's whole answer. Throws what the client is told when the engine failed or refused. */
export function readAnswer(answer: Answer): unknown {
  const value = parse(answer.body);
  if (answer.status >= 200 && answer.status < 300) {
    if (value === undefined) throw engineBroke('The engine answered something that is not JSON.');
    return value;
  }
  throw refusal(answer, isObject(value) && isObject(value.error) ? value.error : undefined);
}

function refusal({status, retryAfter}: Answer, error: Record<string, unknown> | undefined): ApiError {
  // The client's key was good; if the engine wants another one, that is not the client's fault.
  if (status === 401 || status === 403) return engineBroke('The engine refused the gateway.');
  if (status < 400 || (!error && status !== 400)) {
    return engineBroke(`The engine answered ${status} where an answer or an error was due.`);
  }
  if (!error) return badRequest('invalid_request', 'The engine did not accept the request.');
  const text = (name: string): string | undefined => {
    const value = error[name];
    return typeof value === 'string' ? value : undefined;
  };
  const param = text('param');
  const seconds = Number(retryAfter);
  return new ApiError(text('message') ?? `The engine answered ${status}.`, {
    status,
    type: status === 429 ? 'requests' : status < 500 ? 'invalid_request_error' : 'server_error',
    code: text('code') ?? (status < 500 ? 'invalid_request' : 'engine_error'),
    ...(param !== undefined && {param}),
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
