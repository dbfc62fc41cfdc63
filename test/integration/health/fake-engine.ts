import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';

/** How the engine answers each of its paths; what is not said is answered well. */
export interface Behaviour {
  health?: (response: ServerResponse) => void;
  models?: (response: ServerResponse) => void;
  metrics?: (response: ServerResponse) => void;
  /** Called for every completion, the first is number 1. */
  completion?: (response: ServerResponse, number: number) => void | Promise<void>;
  /** Milliseconds for reading one prompt token. */
  msPerToken?: number;
}

export interface FakeEngine extends AsyncDisposable {
  origin: string;
  /** Length of every prompt asked, in tokens: one a character. */
  prompts: number[];
  tokensSeen: number;
}

export const sse = (...events: readonly unknown[]): string =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');

export const chunk = (content: string | undefined, finish: string | null = null): object => ({
  id: 'x',
  object: 'chat.completion.chunk',
  choices: [{index: 0, delta: content === undefined ? {} : {content}, finish_reason: finish}],
});

export const usage = (prompt: number, completion: number): object => ({
  choices: [],
  usage: {prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion},
});

export const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body));
};

export const stream = (response: ServerResponse, body: string): void => {
  response.writeHead(200, {'content-type': 'text/event-stream; charset=utf-8'}).end(body);
};

/** A real HTTP server that behaves like an engine, or misbehaves as told. */
export async function fakeEngine(behaviour: Behaviour = {}): Promise<FakeEngine> {
  const prompts: number[] = [];
  const engine = {prompts, tokensSeen: 0};
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === '/health') {
      if (behaviour.health) behaviour.health(response);
      else json(response, 200, {status: 'ok'});
      return;
    }
    if (request.url === '/v1/models') {
      if (behaviour.models) behaviour.models(response);
      else json(response, 200, {object: 'list', data: [{id: 'fake'}]});
      return;
    }
    if (request.url === '/metrics') {
      if (behaviour.metrics) behaviour.metrics(response);
      else response.end('# TYPE fake_tokens_total counter\nfake_tokens_total{model="fake"} 2\n');
      return;
    }
    const body = JSON.parse(await text(request)) as {messages: {content: string}[]};
    const tokens = (body.messages[0]?.content.length ?? 0) + 8;
    prompts.push(tokens);
    if (behaviour.completion) {
      await behaviour.completion(response, prompts.length);
      return;
    }
    setTimeout(
      () => {
        engine.tokensSeen += 2;
        stream(
          response,
          sse(chunk('Rea'), chunk('dy.'), chunk(undefined, 'stop'), usage(tokens, 2), '[DONE]'),
        );
      },
      tokens * (behaviour.msPerToken ?? 0),
    );
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(engine, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
