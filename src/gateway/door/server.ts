import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import type {Clock} from '../../base/clock.ts';
import {describeError, systemCode} from '../../base/errors.ts';
import type {GatewayOrder, GatewayReply} from '../../hosts/index.ts';
import {ApiError, badRequest} from '../http/api-error.ts';
import {BodyRoom} from '../http/body-room.ts';
import {rawError, send, sendError, sendJson} from '../http/reply.ts';
import {keyNeeded, loopbackOnly, type DoorCheck} from '../keys/door-check.ts';
import {openKeyRing} from '../keys/key-ring.ts';
import {gatewayUrl, type LaunchSettings} from '../launch.ts';
import type {Log} from '../metrics/log.ts';
import {Meter} from '../metrics/meter.ts';
import {PROMETHEUS_TYPE} from '../metrics/prometheus.ts';
import {logLine} from '../metrics/record.ts';
import {pageFor} from '../page/page.ts';
import {asApiError, canAnswer, forward, idHeader, listModels, type Service} from '../requests/forward.ts';
import {noteFailure, openVisit, type Visit} from '../requests/visit.ts';
import {Line} from '../traffic/line.ts';
import {openHealth} from './health.ts';
import {obey} from './orders.ts';
import {Prober} from './probe.ts';
import {findRoute, type Wanted} from './routes.ts';

/** How long a client's idle connection is kept. Longer than common clients keep theirs. Milliseconds. */
const KEEP_ALIVE_MS = 75_000;

export interface Gateway {
  /** Resolves with the URL once it listens; rejects with the system's error (`EADDRINUSE`). */
  listen(): Promise<string>;
  order(order: GatewayOrder): Promise<GatewayReply>;
  /** Takes no more connections, and resolves when the last request has ended or the time is up. */
  close(graceMs: number): Promise<void>;
}

/** The deployment's one door: OpenAI's API, metrics, and a page. */
export function createGateway(settings: LaunchSettings, clock: Clock, log: Log): Gateway {
  const {limits} = settings;
  const line = new Line({clock, queue: limits.queue, concurrency: limits.concurrency});
  const meter = new Meter(clock, line);
  // One body as large as any may be has room whatever the settings say, or it would be told to come back for ever.
  const bodies = new BodyRoom(Math.max(limits.bodiesBytes, limits.bodyBytes));
  const service: Service = {line, meter, limits, bodies};
  const health = openHealth(line, clock);
  const complain = (event: string, error: unknown): void =>
    log.line(JSON.stringify({at: clock.now().toISOString(), event, message: describeError(error)}));
  const check: DoorCheck =
    settings.auth === 'none'
      ? loopbackOnly
      : keyNeeded(openKeyRing(settings.keyFile, clock, (error) => complain('keys_unreadable', error)));

  const prober = new Prober(line, () => ownUrl());

  const answer = async (wanted: Wanted, visit: Visit, isProbe: boolean): Promise<void> => {
    const {request, response} = visit;
    if (wanted.want !== 'page' && wanted.want !== 'health' && !isProbe) check(request.headers);
    switch (wanted.want) {
      case 'forward': {
        await forward(isProbe ? {...service, meter: UNCOUNTED} : service, visit, wanted.operation);
        return;
      }
      case 'models': {
        await listModels(service, visit);
        return;
      }
      case 'model': {
        await listModels(service, visit, wanted.id);
        return;
      }
      case 'metrics':
        send(request, response, 200, {'content-type': PROMETHEUS_TYPE}, meter.prometheus);
        return;
      case 'state':
        sendJson(request, response, 200, {...(await health()), stats: meter.stats}, NO_STORE);
        return;
      case 'health': {
        const state = await health();
        const well = state.status === 'ok' || state.status === 'switching';
        sendJson(request, response, well ? 200 : 503, state, NO_STORE);
        return;
      }
      case 'page': {
        const {headers, html} = pageFor(request.url ?? '/', request.headers['accept-language']);
        send(request, response, 200, headers, html);
        return;
      }
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Writing to a client that has just left fails; 'close' follows and ends the request.
    response.on('error', () => undefined);
    let wanted: Wanted | undefined;
    let failure: unknown;
    try {
      wanted = findRoute(request.method ?? '', request.url ?? '');
    } catch (error) {
      failure = error;
    }
    const isProbe = wanted?.want === 'forward' && prober.sent(request.headers);
    const visit = openVisit(request, response, wanted?.route ?? 'other', limits.requestMs);
    try {
      if (!wanted) throw failure;
      await answer(wanted, visit, isProbe);
    } catch (error) {
      noteFailure(visit.record, error as Error);
      if (visit.record.status === 500) complain('bug', error);
      if (canAnswer(visit)) sendError(request, response, asApiError(error), idHeader(visit));
      else if (!response.writableEnded) response.destroy();
    }
    const record = visit.end();
    if (isProbe) {
      prober.ended(record);
      return;
    }
    if (wanted && OWN.has(wanted.want)) return;
    meter.count(record);
    log.line(logLine(record, clock.now()));
  };

  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.headersMs + limits.bodyMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersMs / 2),
    keepAliveTimeout: KEEP_ALIVE_MS,
    requireHostHeader: false,
    noDelay: true,
  });
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void handle(request, response);
  server.on('request', listener);
  // `readBody` sends the 100 itself, once the request has passed the door.
  server.on('checkContinue', listener);
  server.on('checkExpectation', (request, response) =>
    sendError(request, response, expectationFailed(request.headers.expect ?? '')),
  );
  server.on('clientError', refuseUnparsed);

  const ownUrl = (): string => gatewayUrl(settings.address, (server.address() as AddressInfo).port);

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(settings.port, settings.address, () => {
          server.off('error', reject);
          resolve(ownUrl());
        });
      }),
    order: (order) => obey(order, {line, meter, prober}),
    close: (graceMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** A probe is no part of what people asked: it is counted by itself. */
const UNCOUNTED: Service['meter'] = {follow: () => () => undefined};

const NO_STORE = {'cache-control': 'no-store'};

/** What is asked about the gateway itself is neither counted nor logged: it would drown what people asked. */
const OWN: ReadonlySet<Wanted['want']> = new Set(['page', 'health', 'metrics', 'state']);

const expectationFailed = (expect: string): ApiError =>
  new ApiError(`The expectation '${expect}' cannot be met.`, {
    status: 417,
    type: 'invalid_request_error',
    code: 'expectation_failed',
  });

/** Answers what is not HTTP, or came too slowly or too large to become a request. */
function refuseUnparsed(error: Error, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    // In the middle of an earlier answer another one would only be garbage.
    socket.destroy();
    return;
  }
  socket.end(rawError(unparsed(systemCode(error))));
}

function unparsed(code: string | undefined): ApiError {
  const refused = (status: number, name: string, message: string): ApiError =>
    new ApiError(message, {status, type: 'invalid_request_error', code: name});
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refused(408, 'request_timeout', 'The request did not arrive in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return refused(431, 'headers_too_large', 'The request headers are too large.');
  }
  return badRequest('malformed_http', 'This is not a well-formed HTTP request.');
}
