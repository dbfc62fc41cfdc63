import {ApiError, engineBroke, modelNotFound, noEngine} from '../http/api-error.ts';
import type {BodyRoom} from '../http/body-room.ts';
import {readBody} from '../http/read-body.ts';
import {sendJson, type Headers} from '../http/reply.ts';
import type {Upstream} from '../../hosts/index.ts';
import type {Meter} from '../metrics/meter.ts';
import type {GatewayConfig} from '../config.ts';
import {exchange, type Call, type ExchangeResult, type StreamSink} from '../traffic/exchange.ts';
import type {Line, Place, Ticket} from '../traffic/line.ts';
import {readUsage, StreamMeter, type Usage} from '../traffic/stream-meter.ts';
import {readAnswer} from './answer.ts';
import {isObject, prepare, type Operation, type Prepared} from './prepare.ts';
import {checkPrompt} from './prompt-cap.ts';
import {noteFailure, type Visit} from './visit.ts';

/** What every handler works with. */
export interface Service {
  line: Line;
  meter: Pick<Meter, 'follow'>;
  limits: GatewayConfig['limits'];
  bodies: BodyRoom;
}

const PATHS: Record<Operation, string> = {
  chat: '/v1/chat/completions',
  completion: '/v1/completions',
  tokenize: '/tokenize',
  detokenize: '/detokenize',
};

/** Takes a request with a body to the engine and its answer back. Throws what the client must be told. */
export async function forward(service: Service, visit: Visit, operation: Operation): Promise<void> {
  const {limits, line, meter, bodies} = service;
  const {outputTokens, bodyBytes: limitBytes, bodyMs: limitMs} = limits;
  using hold = bodies.hold();
  const raw = await readBody(visit.request, visit.response, {limitBytes, limitMs, hold});
  const prepared = prepare(operation, raw, {outputTokens});
  visit.record.stream = prepared.stream;
  // Only the route that is taken knows how its engine wants to be told.
  const bodyFor = ({capsOutput = false}: Upstream): string =>
    capsOutput ? prepare(operation, raw, {outputTokens, capsOutput}).body : prepared.body;
  // A wrong name should not wait in line; during a hold only the next route knows the right one.
  if (line.route && !line.holding) checkModel(prepared.model, line.route.upstream.model);
  const result = await withPlace(service, visit, {}, async (place) => {
    checkModel(prepared.model, place.route.upstream.model);
    const call: Call = {
      method: 'POST',
      path: PATHS[operation],
      body: bodyFor(place.route.upstream),
      headers: {'x-request-id': visit.record.id},
    };
    await checkPrompt(prepared, limits.promptTokens, place.route, visit.signal);
    const sink = prepared.stream ? openSink(visit, operation, prepared) : undefined;
    const unfollow = sink && meter.follow(sink.meter, visit.arrived);
    try {
      const exchanged = await exchange(place.route, call, visit.signal, sink);
      if (sink) noteStream(visit, sink.meter);
      return exchanged;
    } finally {
      unfollow?.();
    }
  });
  settle(visit, result);
}

/** `GET /v1/models`, and one of them by its id. */
export async function listModels(service: Service, visit: Visit, id?: string): Promise<void> {
  const call: Call = {
    method: 'GET',
    path: '/v1/models',
    body: null,
    headers: {'x-request-id': visit.record.id},
  };
  const result = await withPlace(service, visit, {light: true}, async (place) => {
    if (id !== undefined) checkModel(id, place.route.upstream.model);
    return await exchange(place.route, call, visit.signal);
  });
  if (id === undefined || result.kind !== 'answer') {
    settle(visit, result);
    return;
  }
  const list = readAnswer(result);
  const models: unknown[] = isObject(list) && Array.isArray(list.data) ? list.data : [];
  const model = models.find((entry) => isObject(entry) && entry.id === id);
  if (model === undefined) throw modelNotFound(id);
  visit.record.status = 200;
  sendJson(visit.request, visit.response, 200, model, idHeader(visit));
}

/**
 * Runs `work` with a place. When the engine went away before it answered anything, and a swap is the reason,
 * the request is sent once more to the next route: nothing was answered, so nothing can come twice.
 */
async function withPlace(
  {line}: Service,
  visit: Visit,
  ticket: Ticket,
  work: (place: Place) => Promise<ExchangeResult>,
): Promise<ExchangeResult> {
  const attempt = async (again: boolean): Promise<{result: ExchangeResult; swapped: boolean}> => {
    const asked = performance.now();
    const place = await line.enter(visit.signal, {...ticket, again});
    visit.record.queuedMs += performance.now() - asked;
    visit.record.release = place.route.upstream.release;
    visit.record.model = place.route.upstream.model;
    try {
      const result = await work(place);
      return {result, swapped: line.holding || line.route !== place.route};
    } finally {
      place.leave();
    }
  };
  const {result, swapped} = await attempt(false);
  if (result.kind === 'unanswered' && swapped) return (await attempt(true)).result;
  return result;
}

function settle(visit: Visit, result: ExchangeResult): void {
  const {record} = visit;
  switch (result.kind) {
    case 'answer': {
      const usage = readUsage(readAnswer(result));
      if (usage) noteUsage(visit, usage);
      record.status = result.status;
      const {request, response} = visit;
      const headers = {
        ...idHeader(visit),
        'content-type': 'application/json',
        'content-length': result.body.length,
      };
      response.writeHead(result.status, headers).end(request.method === 'HEAD' ? undefined : result.body);
      return;
    }
    case 'streamed':
      record.status = 200;
      if (result.failure) {
        noteFailure(record, result.failure);
        // The head had gone out before: what the client saw was 200 and an error event.
        record.status = 200;
      }
      return;
    case 'unanswered':
      throw result.connected
        ? engineBroke('The engine went away before it answered.', result.error)
        : noEngine('The engine does not answer; it may be starting again. Try again shortly.', 1);
    case 'aborted':
      throw result.reason;
  }
}

const openSink = (visit: Visit, operation: Operation, prepared: Prepared): StreamSink => ({
  response: visit.response,
  headers: idHeader(visit),
  meter: new StreamMeter(operation === 'completion' ? 'completion' : 'chat', prepared.wantsUsage),
});

function noteStream(visit: Visit, meter: StreamMeter): void {
  const {firstContent, lastContent, usage} = meter;
  if (usage) noteUsage(visit, usage);
  if (firstContent === undefined || lastContent === undefined) return;
  visit.record.ttftMs = firstContent - visit.arrived;
  const after = (usage?.completionTokens ?? 0) - 1;
  if (after > 0) visit.record.tpotMs = (lastContent - firstContent) / after;
}

function noteUsage({record}: Visit, usage: Usage): void {
  record.promptTokens = usage.promptTokens;
  record.completionTokens = usage.completionTokens;
}

function checkModel(asked: string, served: string): void {
  if (asked !== served) throw modelNotFound(asked);
}

export const idHeader = ({record}: Visit): Headers => ({'x-request-id': record.id});

/** Whether a failure can still be told: the head has not gone out and the client is there. */
export const canAnswer = ({response}: Visit): boolean => !response.headersSent && !response.destroyed;

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError('The gateway failed to handle this request.', {
        status: 500,
        type: 'server_error',
        code: 'gateway_bug',
        cause: error,
      });
