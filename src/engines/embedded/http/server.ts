import {createHash, timingSafeEqual} from 'node:crypto';
import {createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {Duplex} from 'node:stream';
import type {Duration} from '../../../base/units.ts';
import {ApiError, internal, unauthorized} from '../api/errors.ts';
import type {Log} from '../log.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export interface Route {
  method: 'GET' | 'POST';
  path: string;
  /** Answered without the token. */
  open?: boolean;
  handle: Handler;
}

export interface ServerOptions {
  routes: readonly Route[];
  token: string | undefined;
  log: Log;
  /** A request whose body has not arrived by then is ended with 408. */
  requestDeadline: Duration;
}

/** HTTP with OpenAI's error shape for every failure, also of requests that are not HTTP. */
export function apiServer({routes, token, log, requestDeadline}: ServerOptions): Server {
  const byPath = Map.groupBy(routes, (route) => route.path);
  const server = createServer(
    {
      requestTimeout: requestDeadline,
      headersTimeout: requestDeadline,
      connectionsCheckingInterval: Math.ceil(requestDeadline / 10),
    },
    (request, response) => {
      response.once('finish', () => {
        // After close(), Node would keep a connection open that was busy then.
        if (!server.listening) setImmediate(() => server.closeIdleConnections());
      });
      void answer(request, response);
    },
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseSocket(error, socket));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await find(request).handle(request, response);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        // A client that went away while it sent its request is no failure of the engine.
        if (request.destroyed && !request.complete) return;
        log.error(
          `request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
      sendError(response, error instanceof ApiError ? error : internal());
    }
  }

  function find(request: IncomingMessage): Route {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const candidates = byPath.get(path) ?? [];
    const route = candidates.find((candidate) => candidate.method === request.method);
    if (token !== undefined && route?.open !== true && !holds(request, token)) throw unauthorized();
    if (route) return route;
    if (candidates.length === 0) throw new ApiError(404, `There is nothing at ${path}.`, {code: 'not_found'});
    const allowed = candidates.map((candidate) => candidate.method).join(', ');
    throw new ApiError(405, `${path} takes ${allowed}.`, {
      code: 'method_not_allowed',
      headers: {allow: allowed},
    });
  }
  return server;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compared in constant time. */
function holds(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: object = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** As a status where nothing was sent yet; as a last event in a stream that has begun. */
export function sendError(response: ServerResponse, error: ApiError): void {
  if (response.destroyed || response.writableEnded) return;
  if (response.headersSent) {
    response.end(`data: ${JSON.stringify(error.body())}\n\n`);
    return;
  }
  // A body that was not read to its end would be taken for the next request.
  const close = response.req.complete ? {} : {connection: 'close'};
  sendJson(response, error.status, error.body(), {...error.headers, ...close});
}

function refuseSocket(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, message, code] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ([408, 'The request took too long to arrive.', 'request_timeout'] as const)
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ([431, 'The headers are too large.', 'headers_too_large'] as const)
        : ([400, 'This is not a valid HTTP request.', 'bad_http'] as const);
  const body = JSON.stringify(new ApiError(status, message, {code}).body());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
