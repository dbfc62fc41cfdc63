/**
 * An engine that computes nothing: it speaks the engine's HTTP API and streams on a known schedule. What it
 * does with a request, also what it does wrong, stands in the request's field `fake` (see `Behaviour`).
 * It prints one line of JSON, `{"url": "..."}`, when it listens, and checks its bearer token.
 */
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

/** What one request makes it do. Everything is optional. */
export interface Behaviour {
  /** Events with text, one token each. Default 5. */
  tokens?: number;
  /** Time between two events; all at once when 0. Default 0. */
  everyMs?: number;
  /** Wait before the answer begins. */
  delayMs?: number;
  /** Text of every token. Default `word `; `stamp` sends the time of sending instead. */
  text?: string;
  /** Answer this status with an error in OpenAI's shape. */
  status?: number;
  /** Break after that many events: the connection (`cut`), the whole engine (`die`) or cleanly without the end (`stop`). */
  breakAfter?: number;
  how?: 'cut' | 'die' | 'stop';
  /** Answer something that is no answer. */
  garbage?: 'html' | 'bytes' | 'json' | 'html-error';
  /** Send the stream in pieces of this many bytes. */
  pieceBytes?: number;
}

interface Body {
  model?: string;
  stream?: boolean;
  stream_options?: {include_usage?: boolean};
  prompt?: string;
  content?: string;
  fake?: Behaviour;
}

const {FAKE_ENGINE_TOKEN: token = '', FAKE_ENGINE_MODEL: model = 'fake-model'} = process.env;
const seen = {
  requests: 0,
  running: 0,
  cancelled: 0,
  eventsSent: 0,
  longestBufferedBytes: 0,
  lastBody: '',
  lastAuthorization: '',
};

/** The system's monotonic clock in milliseconds: every process of the machine reads the same. */
const stamp = (): string => {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1e3 + nanoseconds / 1e6).toFixed(3);
};

const json = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 429 && {'retry-after': '7'}),
  });
  response.end(JSON.stringify(value));
};

const usage = (tokens: number): object => ({
  prompt_tokens: 3,
  completion_tokens: tokens,
  total_tokens: tokens + 3,
});

function event(chat: boolean, text: string): string {
  const choice = chat
    ? {index: 0, delta: {content: text}, finish_reason: null}
    : {index: 0, text, finish_reason: null};
  const object = chat ? 'chat.completion.chunk' : 'text_completion';
  return `data: ${JSON.stringify({id: 'fake-1', object, created: 1, model, choices: [choice]})}\n\n`;
}

function closing(chat: boolean, tokens: number, withUsage: boolean): string {
  const base = {id: 'fake-1', object: chat ? 'chat.completion.chunk' : 'text_completion', created: 1, model};
  const last = chat
    ? {index: 0, delta: {}, finish_reason: 'stop'}
    : {index: 0, text: '', finish_reason: 'stop'};
  const counted = withUsage
    ? `data: ${JSON.stringify({...base, choices: [], usage: usage(tokens)})}\n\n`
    : '';
  return `data: ${JSON.stringify({...base, choices: [last]})}\n\n${counted}data: [DONE]\n\n`;
}

function stream(response: ServerResponse, chat: boolean, body: Body): void {
  const fake = body.fake ?? {};
  const {tokens = 5, everyMs = 0, text = 'word ', breakAfter, how = 'cut'} = fake;
  const withUsage = body.stream_options?.include_usage === true;
  response.writeHead(200, {'content-type': 'text/event-stream'});
  if (chat) response.write(event(true, ''));
  let sent = 0;
  const write = (data: string): boolean => {
    const pieces = fake.pieceBytes
      ? (data.match(new RegExp(`[^]{1,${fake.pieceBytes}}`, 'g')) ?? [])
      : [data];
    let flowing = true;
    for (const piece of pieces) flowing = response.write(piece);
    seen.longestBufferedBytes = Math.max(seen.longestBufferedBytes, response.writableLength);
    return flowing;
  };
  const fail = (): void => {
    clearInterval(timer);
    if (how === 'stop') response.end();
    else if (how === 'cut') response.destroy();
    else process.kill(process.pid, 'SIGKILL');
  };
  /** Sends one event; false when there is no more to do now. */
  const next = (): boolean => {
    if (response.destroyed) return false;
    if (sent === breakAfter) {
      // What was written must leave first, or the client would see less than it should.
      setImmediate(fail);
      return false;
    }
    if (sent === tokens) {
      clearInterval(timer);
      write(closing(chat, tokens, withUsage));
      response.end();
      return false;
    }
    sent++;
    seen.eventsSent++;
    return write(event(chat, text === 'stamp' ? stamp() : text)) || everyMs > 0;
  };
  const pump = (): void => {
    while (next());
  };
  const timer = everyMs > 0 ? setInterval(next, everyMs) : undefined;
  response.once('close', () => clearInterval(timer));
  if (everyMs === 0) {
    response.on('drain', pump);
    pump();
  }
}

function answer(response: ServerResponse, chat: boolean, body: Body): void {
  const {tokens = 5, text = 'word ', breakAfter, how} = body.fake ?? {};
  if (breakAfter !== undefined) {
    if (how === 'die') process.kill(process.pid, 'SIGKILL');
    response.destroy();
    return;
  }
  const content = text.repeat(tokens);
  const choice = chat
    ? {index: 0, message: {role: 'assistant', content}, finish_reason: 'stop'}
    : {index: 0, text: content, finish_reason: 'stop'};
  const object = chat ? 'chat.completion' : 'text_completion';
  json(response, 200, {id: 'fake-1', object, created: 1, model, choices: [choice], usage: usage(tokens)});
}

function garbage(response: ServerResponse, kind: NonNullable<Behaviour['garbage']>): void {
  if (kind === 'bytes') response.socket?.end('\u0000\u0001 this is not HTTP \r\n\r\n');
  else if (kind === 'json')
    response.writeHead(200, {'content-type': 'application/json'}).end('{"choices": [');
  else
    response.writeHead(kind === 'html' ? 200 : 500, {'content-type': 'text/html'}).end('<h1>It works!</h1>');
}

function complete(response: ServerResponse, chat: boolean, body: Body): void {
  const fake = body.fake ?? {};
  if (fake.garbage) garbage(response, fake.garbage);
  else if (fake.status) {
    json(response, fake.status, {
      error: {message: `refused with ${fake.status}`, type: 'x', param: null, code: 'fake_refusal'},
    });
  } else if (body.stream) stream(response, chat, body);
  else answer(response, chat, body);
}

function handle(request: IncomingMessage, response: ServerResponse, text: string): void {
  const {url = ''} = request;
  if (url === '/seen') {
    json(response, 200, {...seen, rssBytes: process.memoryUsage.rss()});
    return;
  }
  if (url === '/health') {
    json(response, 200, {status: 'ok'});
    return;
  }
  seen.lastAuthorization = request.headers.authorization ?? '';
  if (token !== '' && request.headers.authorization !== `Bearer ${token}`) {
    json(response, 401, {
      error: {message: 'wrong token', type: 'x', param: null, code: 'invalid_api_key'},
    });
    return;
  }
  if (url === '/v1/models') {
    json(response, 200, {
      object: 'list',
      data: [{id: model, object: 'model', created: 1, owned_by: 'fake'}],
    });
    return;
  }
  seen.lastBody = text;
  const body = JSON.parse(text) as Body;
  if (url === '/tokenize') {
    const tokens = [...Buffer.from(body.content ?? body.prompt ?? '')];
    json(response, 200, {tokens, count: tokens.length});
    return;
  }
  if (url === '/detokenize') {
    json(response, 200, {content: 'text'});
    return;
  }
  const chat = url === '/v1/chat/completions';
  if (!chat && url !== '/v1/completions') {
    json(response, 404, {detail: 'Not Found'});
    return;
  }
  seen.requests++;
  seen.running++;
  response.once('close', () => {
    seen.running--;
    if (!response.writableFinished) seen.cancelled++;
  });
  const {delayMs = 0} = body.fake ?? {};
  if (delayMs === 0) complete(response, chat, body);
  else setTimeout(() => complete(response, chat, body), delayMs);
}

const server = createServer({noDelay: true, keepAliveTimeout: 5000}, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => handle(request, response, Buffer.concat(chunks).toString()));
});
server.listen(Number(process.env.FAKE_ENGINE_PORT ?? 0), '127.0.0.1', () => {
  console.log(JSON.stringify({url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`}));
});
// Whoever started it holds its stdin: it must not outlive a test that was killed.
process.stdin.on('end', () => process.exit(0)).resume();
