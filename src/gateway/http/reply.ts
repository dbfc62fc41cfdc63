import type {IncomingMessage, ServerResponse} from 'node:http';
import type {ApiError} from './api-error.ts';

/** How much of an unread body is swallowed, and how long, so that its sender gets to read the answer. */
const LINGER_BYTES = 64 * 2 ** 20;
const LINGER_MS = 2000;

export type Headers = Record<string, string | number>;

/** Answers with the whole body at once. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Headers,
  body: string | Buffer,
): void {
  const length = Buffer.byteLength(body);
  if (request.complete || !announcesBody(request)) {
    response.writeHead(status, {...headers, 'content-length': length}).end(body);
    return;
  }
  // Closing a connection whose request is still arriving resets it, and the answer is lost with it. So the
  // complete answer goes out, the rest of the request is swallowed, and only then the connection ends.
  response.writeHead(status, {...headers, 'content-length': length, connection: 'close'});
  response.write(body);
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  let swallowed = 0;
  request.on('data', (chunk: Buffer) => {
    swallowed += chunk.length;
    if (swallowed > LINGER_BYTES) finish();
  });
  request.once('end', finish);
  request.once('close', finish);
  request.resume();
}

export const sendJson = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Headers = {},
): void =>
  send(request, response, status, {'content-type': 'application/json', ...headers}, JSON.stringify(value));

export const sendError = (
  request: IncomingMessage,
  response: ServerResponse,
  error: ApiError,
  headers: Headers = {},
): void =>
  sendJson(request, response, error.status, error.body, {
    ...headers,
    ...(error.retryAfter !== undefined && {'retry-after': error.retryAfter}),
  });

/** The same answer for a connection whose request could not even be parsed. */
export function rawError(error: ApiError): string {
  const body = JSON.stringify(error.body);
  return (
    `HTTP/1.1 ${error.status} Error\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
}

const announcesBody = ({headers}: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
