import {once} from 'node:events';
import {connect, type AddressInfo} from 'node:net';
import {afterEach, describe, expect, it} from 'vitest';
import {ms} from '../../../src/base/units.ts';
import {readJsonBody} from '../../../src/engines/embedded/http/body.ts';
import {apiServer, sendJson, type Route} from '../../../src/engines/embedded/http/server.ts';

const logged: string[] = [];
const keep = (text: string): void => void logged.push(text);
const LIMIT = 1000;

const routes: Route[] = [
  {
    method: 'GET',
    path: '/open',
    open: true,
    handle: (_request, response) => sendJson(response, 200, {ok: true}),
  },
  {
    method: 'POST',
    path: '/echo',
    handle: async (request, response) => sendJson(response, 200, await readJsonBody(request, LIMIT)),
  },
  {
    method: 'GET',
    path: '/bug',
    handle: () => {
      throw new Error('a bug of ours');
    },
  },
];

let server: ReturnType<typeof apiServer>;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function listen(token?: string): Promise<number> {
  logged.length = 0;
  server = apiServer({
    routes,
    token,
    log: {info: keep, warn: keep, error: keep},
    requestDeadline: ms(300),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Sends bytes as they are and collects what comes back until the other side closes. */
async function raw(port: number, ...parts: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (const part of parts) socket.write(part);
  let text = '';
  socket.on('data', (data) => (text += data.toString()));
  await once(socket, 'close');
  return text;
}

const errorOf = async (response: Response) =>
  ((await response.json()) as {error: {code: string; message: string; type: string}}).error;

describe('apiServer', () => {
  it('demands the token everywhere but at open routes, of unknown paths too', async () => {
    const origin = `http://127.0.0.1:${await listen('secret')}`;
    expect((await fetch(`${origin}/open`)).status).toBe(200);
    for (const headers of [{}, {authorization: 'Bearer wrong'}, {authorization: 'secret'}]) {
      for (const path of ['/bug', '/nowhere']) {
        const response = await fetch(origin + path, {headers: headers as Record<string, string>});
        expect(response.status).toBe(401);
        expect((await errorOf(response)).code).toBe('invalid_api_key');
      }
    }
    const post = {method: 'POST', body: '{"a":1}', headers: {authorization: 'Bearer secret'}};
    expect(await (await fetch(`${origin}/echo`, post)).json()).toEqual({a: 1});
  });

  it('answers unknown paths and methods in OpenAI’s shape', async () => {
    const origin = `http://127.0.0.1:${await listen()}`;
    const nowhere = await fetch(`${origin}/nowhere`);
    expect(nowhere.status).toBe(404);
    expect(await errorOf(nowhere)).toMatchObject({code: 'not_found', type: 'invalid_request_error'});
    const method = await fetch(`${origin}/echo`);
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each(['{"a":', '', 'nonsense'])('answers 400 to the body %j without repeating it', async (body) => {
    const port = await listen();
    const response = await fetch(`http://127.0.0.1:${port}/echo`, {method: 'POST', body});
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toBe('The body is not valid JSON.');
  });

  it('answers 413 to a body over the limit, declared or not', async () => {
    const port = await listen();
    const head = 'POST /echo HTTP/1.1\r\nhost: x\r\n';
    expect(await raw(port, `${head}content-length: ${LIMIT + 1}\r\n\r\n`)).toContain('413 Payload Too Large');
    const chunk = `${(LIMIT + 1).toString(16)}\r\n${'x'.repeat(LIMIT + 1)}\r\n`;
    expect(await raw(port, `${head}transfer-encoding: chunked\r\n\r\n`, chunk)).toContain('body_too_large');
  });

  it('ends a trickled body with 408', async () => {
    const port = await listen();
    const answer = await raw(port, 'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  });

  it('answers what is not HTTP, and headers that are too large', async () => {
    const port = await listen();
    expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*bad_http/);
    expect(await raw(port, `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('answers 500 for a bug, tells the client nothing of it and the log all', async () => {
    const response = await fetch(`http://127.0.0.1:${await listen()}/bug`);
    expect(response.status).toBe(500);
    expect(JSON.stringify(await response.json())).not.toContain('a bug of ours');
    expect(logged.join()).toContain('a bug of ours');
  });
});
