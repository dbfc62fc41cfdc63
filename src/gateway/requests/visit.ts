import type {IncomingMessage, ServerResponse} from 'node:http';
import {ApiError, deadlinePassed} from '../http/api-error.ts';
import {ClientGone} from '../http/read-body.ts';
import {requestId} from '../http/request-id.ts';
import type {RequestRecord} from '../metrics/record.ts';

/** One request from arrival to its end, with what is known of it so far. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `performance.now()` at arrival. */
  readonly arrived: number;
  /** Aborts with `ClientGone` when the client leaves, with a 504 when the time is up. */
  readonly signal: AbortSignal;
  readonly record: RequestRecord;
  /** Fills in how it ended and lets go of everything. */
  end(): RequestRecord;
}

export function openVisit(
  request: IncomingMessage,
  response: ServerResponse,
  route: string,
  limitMs: number,
): Visit {
  const abort = new AbortController();
  const arrived = performance.now();
  const timer = setTimeout(() => abort.abort(deadlinePassed(limitMs)), limitMs);
  const gone = (): void => {
    if (!response.writableFinished) abort.abort(new ClientGone());
  };
  response.once('close', gone);
  const record: RequestRecord = {
    id: requestId(request.headers['x-request-id']),
    route,
    status: 0,
    outcome: 'ok',
    code: undefined,
    stream: false,
    release: undefined,
    model: undefined,
    queuedMs: 0,
    ttftMs: undefined,
    tpotMs: undefined,
    e2eMs: 0,
    promptTokens: undefined,
    completionTokens: undefined,
  };
  return {
    request,
    response,
    arrived,
    signal: abort.signal,
    record,
    end() {
      clearTimeout(timer);
      response.off('close', gone);
      record.e2eMs = performance.now() - arrived;
      return record;
    },
  };
}

/** Notes the failure that ends a visit. */
export function noteFailure(record: RequestRecord, error: Error): void {
  if (error instanceof ApiError) {
    record.status = error.status;
    record.code = error.code;
    record.outcome = error.status < 500 ? 'clientError' : 'serverError';
  } else if (error instanceof ClientGone) {
    record.status = 499;
    record.outcome = 'cancelled';
  } else {
    record.status = 500;
    record.code = 'gateway_bug';
    record.outcome = 'serverError';
  }
}
