import {timingSafeEqual} from 'node:crypto';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {ListenOptions} from 'node:net';
import {
  BEAT_LIMIT_MS,
  SupervisorFailure,
  type CallName,
  type Failure,
  type OpenAnswer,
  type OpenRequest,
} from './wire.ts';
import type {Service} from './service.ts';

const LARGEST_BODY = 1024 ** 2;
const KEEP_ALIVE_MS = 15 * 60_000;

/** Who may speak to the supervisor: whoever has its token, or whoever reaches a door that only they can. */
export type Admission = {token: string} | 'anybody-here';

/**
 * The supervisor's control door, on loopback or on a socket file. `port` is 0 for a socket file.
 */
export async function openServer(
  service: Service,
  admission: Admission,
  say: (line: string) => void,
  where: ListenOptions = {port: 0, host: '127.0.0.1'},
): Promise<{server: Server; port: number}> {
  const server = createServer((request, response) => {
    answer(service, admission, request, response).catch((error: unknown) => {
      const failure = failureOf(error, say);
      if (!response.headersSent) response.writeHead(failure.code === 'bug' ? 500 : 409);
      response.end(JSON.stringify({failure}));
    });
  });
  // A transition's request goes on as long as the transition does: its beats are watched instead.
  server.requestTimeout = 0;
  // A client may think for long between two questions, and its connection may be dear.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const {promise, resolve, reject} = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(where, () => {
    const address = server.address();
    resolve(typeof address === 'object' && address ? address.port : 0);
  });
  return {server, port: await promise};
}

async function answer(
  service: Service,
  admission: Admission,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (admission !== 'anybody-here' && !isBearer(request.headers.authorization, admission.token)) {
    response.writeHead(401).end();
    return;
  }
  const name = request.url?.replace('/call/', '') ?? '';
  if (request.url === '/transition') {
    await holdOpen(service, request, response);
  } else if (isCall(service, name)) {
    const body = JSON.parse(await readBody(request)) as unknown;
    // The client is Berth itself, which has the types; its body is trusted as its token is.
    const handler = service.handlers[name] as (input: unknown) => Promise<unknown>;
    const result = JSON.stringify(await handler(body));
    response.writeHead(200, {'content-type': 'application/json'}).end(result);
  } else {
    response.writeHead(404).end();
  }
}

/** Answers with a stream that stays open as long as the transition: its end is the end of the other. */
async function holdOpen(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  const silence = setTimeout(leave, BEAT_LIMIT_MS);
  response.once('close', () => {
    clearTimeout(silence);
    leave();
  });
  const wanted = JSON.parse(await readFirstLine(request, () => silence.refresh())) as OpenRequest;
  const transition = await service.open(wanted, gone.signal);
  const opened: OpenAnswer = {opened: transition.id};
  response.writeHead(200, {'content-type': 'application/x-ndjson'});
  response.write(`${JSON.stringify(opened)}\n`);
  void transition.over.then(() => {
    response.end();
    // The owner's side of the stream would otherwise stay open for as long as it likes to beat.
    request.destroy();
  });
}

/** The first line of a body that goes on; `beat` is called whenever anything comes. */
async function readFirstLine(request: IncomingMessage, beat: () => void): Promise<string> {
  const {promise, resolve, reject} = Promise.withResolvers<string>();
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    beat();
    if (text.includes('\n')) return;
    text += chunk;
    if (text.includes('\n')) resolve(text);
    else if (text.length > LARGEST_BODY) reject(new Error(`a line of more than ${LARGEST_BODY} bytes`));
  });
  request.once('end', () => resolve(text)).once('error', reject);
  return await promise;
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
