import {timingSafeEqual} from 'node:crypto';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {SupervisorFailure, type CallName, type Failure, type OpenAnswer, type OpenRequest} from '../wire.ts';
import type {Service} from './service.ts';

const LARGEST_BODY = 1024 ** 2;

/** The supervisor's control door: loopback only, and only for whoever can read its token. */
export async function openServer(
  service: Service,
  token: string,
  say: (line: string) => void,
): Promise<{server: Server; port: number}> {
  const server = createServer((request, response) => {
    answer(service, token, request, response).catch((error: unknown) => {
      const failure = failureOf(error, say);
      if (!response.headersSent) response.writeHead(failure.code === 'bug' ? 500 : 409);
      response.end(JSON.stringify({failure}));
    });
  });
  const {promise, resolve, reject} = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  return {server, port: await promise};
}

async function answer(
  service: Service,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isBearer(request.headers.authorization, token)) {
    response.writeHead(401).end();
    return;
  }
  const body = JSON.parse(await readBody(request)) as unknown;
  const name = request.url?.replace('/call/', '') ?? '';
  if (request.url === '/transition') {
    await holdOpen(service, body as OpenRequest, response);
  } else if (isCall(service, name)) {
    // The client is Berth itself, which has the types; its body is trusted as its token is.
    const handler = service.handlers[name] as (input: unknown) => Promise<unknown>;
    const result = JSON.stringify(await handler(body));
    response.writeHead(200, {'content-type': 'application/json'}).end(result);
  } else {
    response.writeHead(404).end();
  }
}

/** Answers with a stream that stays open as long as the transition: its end is the end of the other. */
async function holdOpen(service: Service, request: OpenRequest, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const transition = await service.open(request, gone.signal);
  const opened: OpenAnswer = {opened: transition.id};
  response.writeHead(200, {'content-type': 'application/x-ndjson'});
  response.write(`${JSON.stringify(opened)}\n`);
  void transition.over.then(() => response.end());
}

const isCall = (service: Service, name: string): name is CallName => Object.hasOwn(service.handlers, name);

function isBearer(header: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Error(`a body of more than ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function failureOf(error: unknown, say: (line: string) => void): Failure {
  if (error instanceof SupervisorFailure) return error.failure;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say(`bug: ${message}`);
  return {code: 'bug', message};
}
