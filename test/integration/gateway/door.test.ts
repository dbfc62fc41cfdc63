import {request, type IncomingMessage} from 'node:http';
import {connect} from 'node:net';
import {once} from 'node:events';
import {text} from 'node:stream/consumers';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startFakeEngine, type FakeEngine} from '../../fakes/engine/start.ts';
import {chat, eventsOf, startGateway, testConfig, until, upstreamOf, type RunningGateway} from './rig.ts';

const LIMITS = {
  bodyBytes: 20_000,
  concurrency: 4,
  queue: 200,
  headersMs: 500,
  bodyMs: 500,
  outputTokens: 4096,
};

const errorOf = async (response: Response): Promise<Record<string, unknown>> =>
  ((await response.json()) as {error: Record<string, unknown>}).error;

describe('the gateway in front of a fake engine', () => {
  let engine: FakeEngine;
  let gateway: RunningGateway;
  beforeAll(async () => {
    engine = await startFakeEngine();
    gateway = await startGateway(testConfig({limits: LIMITS}));
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  const send = (
    path: string,
    init: Omit<RequestInit, 'headers'> & {headers?: Record<string, string>} = {},
  ): Promise<Response> =>
    fetch(gateway.url + path, {
      ...init,
      headers: {authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json', ...init.headers},
    });

  it('passes a stream on whole, without the usage that the client did not ask for', async () => {
    const events = eventsOf(await (await chat(gateway, {stream: true})).text());
    expect(events.at(-1)).toBe('[DONE]');
    expect(events.filter((event) => event.includes('word'))).toHaveLength(5);
    expect(events.some((event) => event.includes('"usage":{'))).toBe(false);
  });

  it('passes usage on to a client that asks for it', async () => {
    const response = await chat(gateway, {stream: true, stream_options: {include_usage: true}});
    expect((await response.text()).match(/"completion_tokens":5/g)).toHaveLength(1);
  });

  it('leaves the limit out of a chat whose engine keeps to it by itself', async () => {
    const asked = async (path: string, body: object): Promise<unknown> => {
      const response = await send(path, {
        method: 'POST',
        body: JSON.stringify({model: 'fake-model', ...body}),
      });
      await response.text();
      const {max_tokens: sent, max_completion_tokens: named} = JSON.parse(
        (await engine.seen()).lastBody,
      ) as Record<string, unknown>;
      return sent ?? named;
    };
    const messages = [{role: 'user', content: 'hello'}];
    const most = LIMITS.outputTokens;
    expect(await asked('/v1/chat/completions', {messages})).toBe(most);
    await gateway.order({order: 'route', upstream: upstreamOf(engine, 1, {capsOutput: true})});
    expect(await asked('/v1/chat/completions', {messages})).toBeUndefined();
    expect(await asked('/v1/chat/completions', {messages, max_tokens: 9000, stream: true})).toBeUndefined();
    expect(await asked('/v1/chat/completions', {messages, max_completion_tokens: 9000})).toBeUndefined();
    expect(await asked('/v1/chat/completions', {messages, max_tokens: 7})).toBe(7);
    expect(await asked('/v1/completions', {prompt: 'hello'})).toBe(most);
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
  });

  it('gives the engine its own key and never the client’s', async () => {
    await chat(gateway);
    const {lastAuthorization} = await engine.seen();
    expect(lastAuthorization).toBe(`Bearer ${engine.token}`);
    expect(JSON.stringify(gateway.log())).not.toContain(gateway.key);
  });

  it.each([
    ['no key', '/v1/models', {headers: {authorization: ''}}, 401, 'invalid_api_key'],
    ['a wrong key', '/v1/models', {headers: {authorization: 'Bearer sk-berth-no'}}, 401, 'invalid_api_key'],
    ['an unknown path', '/v1/images', {}, 404, 'unknown_url'],
    ['a wrong method', '/v1/chat/completions', {}, 405, 'method_not_supported'],
    ['an unknown model by name', '/v1/models/gpt-9', {}, 404, 'model_not_found'],
  ] as const)('refuses %s in OpenAI’s shape', async (_name, path, init, status, code) => {
    const response = await send(path, init);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({code, message: expect.any(String) as string});
    expect(response.headers.get('x-request-id')).toMatch(/\S/);
  });

  it.each([
    ['malformed JSON', '{"model": ', 400],
    ['an array', '[]', 400],
    ['a model that is a number', '{"model": 3, "messages": []}', 400],
    ['another model', '{"model":"gpt-9","messages":[{"role":"user","content":"x"}]}', 404],
    ['a huge body', JSON.stringify({model: 'fake-model', filler: 'x'.repeat(30_000)}), 413],
    [
      'a negative max_tokens',
      '{"model":"fake-model","messages":[{"role":"user","content":"x"}],"max_tokens":-1}',
      400,
    ],
  ])('refuses %s', async (_name, body, status) => {
    const response = await send('/v1/chat/completions', {method: 'POST', body});
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({type: 'invalid_request_error'});
    expect((await chat(gateway)).status).toBe(200);
  });

  it('ends a client that trickles its headers or its body', async () => {
    const {port} = new URL(gateway.url);
    const slow = connect(Number(port), '127.0.0.1').setEncoding('utf8');
    slow.write('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n');
    expect(await text(slow)).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
    const trickling = request(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.key}`,
        'content-type': 'application/json',
        'content-length': 100,
      },
    });
    trickling.write('{');
    const [response] = (await once(trickling, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(408);
    expect(await text(response)).toContain('request_timeout');
    trickling.destroy();
  });

  it('lets 200 clients at once through in turn: each is answered or told to come back', async () => {
    const statuses = await Promise.all(
      Array.from({length: 200}, async () => {
        const response = await chat(gateway, {stream: true, fake: {tokens: 3}});
        await response.text();
        return response.status;
      }),
    );
    expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
  });

  it('takes a request back from the engine when its client leaves', async () => {
    const before = (await engine.seen()).cancelled;
    const leaving = new AbortController();
    const response = await chat(
      gateway,
      {stream: true, fake: {tokens: 10_000, everyMs: 5}},
      {signal: leaving.signal},
    );
    await response.body?.getReader().read();
    leaving.abort();
    await until('the engine sees the client leave', async () => (await engine.seen()).cancelled > before);
    await until('nothing runs', async () => (await gateway.stats()).running === 0);
  });

  it('does not buffer what a slow reader has not read', async () => {
    const {body} = await chat(gateway, {stream: true, fake: {tokens: 200_000, text: 'x'.repeat(200)}});
    const reader = body?.getReader();
    await reader?.read();
    let before = -1;
    await until('the engine is held back', async () => {
      const {eventsSent} = await engine.seen();
      const still = eventsSent === before;
      before = eventsSent;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still;
    });
    expect((await engine.seen()).eventsSent).toBeLessThan(200_000);
    await reader?.cancel();
  });

  it.each([
    ['a cut connection', {breakAfter: 2, how: 'cut'}],
    ['an end without [DONE]', {breakAfter: 2, how: 'stop'}],
  ])('tells of %s in the stream, and never says [DONE]', async (_name, fake) => {
    const events = eventsOf(await (await chat(gateway, {stream: true, fake})).text());
    expect(events.at(-1)).not.toBe('[DONE]');
    expect(events.at(-1)).toContain('"error"');
  });

  it.each(['html', 'bytes', 'html-error'])(
    'answers 502 to an engine that talks nonsense (%s)',
    async (garbage) => {
      const response = await chat(gateway, {fake: {garbage}});
      expect(response.status).toBe(502);
      expect(await errorOf(response)).toMatchObject({type: 'server_error'});
    },
  );

  it('passes the engine’s own refusals on', async () => {
    const response = await chat(gateway, {fake: {status: 429}});
    expect(response.status).toBe(429);
    expect(await errorOf(response)).toMatchObject({code: 'fake_refusal'});
  });

  it('counts what it saw, by outcome, with OpenTelemetry names', async () => {
    await (await chat(gateway, {stream: true, fake: {tokens: 20, everyMs: 2}})).text();
    const stats = await gateway.stats();
    expect(stats.requests.ok).toBeGreaterThan(0);
    expect(stats.latency.tpot.count).toBeGreaterThan(0);
    const metrics = await (await send('/metrics')).text();
    expect(metrics).toMatch(/^gen_ai_server_time_to_first_token_seconds_bucket\{.*le="0.001".*\} \d+$/m);
    expect(metrics).toMatch(/^berth_gateway_\w+/m);
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(401);
  });
});

describe('the memory for bodies', () => {
  it('is shared: a body that no longer fits is told to come back, and fits once another has gone', async () => {
    await using engine = await startFakeEngine();
    await using gateway = await startGateway(testConfig({limits: {bodyBytes: 20_000, bodiesBytes: 30_000}}));
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
    await gateway.order({order: 'hold', limitMs: 20_000});
    const held = (count: number) =>
      until(`${count} are held`, async () => (await gateway.stats()).held === count);
    const large = {filler: 'x'.repeat(14_000)};
    const leaving = new AbortController();
    const left = chat(gateway, large, {signal: leaving.signal}).catch(() => 'left');
    const waiting = [chat(gateway, large)];
    await held(2);

    const refused = await chat(gateway, large);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await errorOf(refused)).toMatchObject({type: 'requests', code: 'rate_limit_exceeded'});
    // Of a body that does not say how long it is, only what came counts.
    const unannounced = new Blob([JSON.stringify({model: 'fake-model', ...large})]).stream();
    const streamed = await chat(gateway, {}, {body: unannounced, duplex: 'half'});
    expect(streamed.status).toBe(429);
    expect(await errorOf(streamed)).toMatchObject({code: 'rate_limit_exceeded'});
    waiting.push(chat(gateway));
    await held(3);

    leaving.abort();
    expect(await left).toBe('left');
    await held(2);
    waiting.push(chat(gateway, large));
    await held(3);
    await gateway.order({order: 'route', upstream: upstreamOf(engine, 2)});
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(200);
    // All of it was given back: the whole room is there again.
    expect((await chat(gateway, {filler: 'x'.repeat(19_000)})).status).toBe(200);
  });

  it('always has room for one body as large as any may be', async () => {
    await using engine = await startFakeEngine();
    await using gateway = await startGateway(testConfig({limits: {bodyBytes: 20_000, bodiesBytes: 1000}}));
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
    expect((await chat(gateway, {filler: 'x'.repeat(19_000)})).status).toBe(200);
  });
});

describe('the gateway between two engines', () => {
  it('holds requests during a swap and loses none', async () => {
    await using old = await startFakeEngine();
    await using gateway = await startGateway();
    await gateway.order({order: 'route', upstream: upstreamOf(old)});
    await gateway.order({order: 'hold', limitMs: 20_000});
    const waiting = Array.from({length: 10}, () => chat(gateway, {stream: true}));
    await until('all are held', async () => (await gateway.stats()).held === 10);
    expect(await gateway.order({order: 'drain', release: 1, deadlineMs: 1000})).toMatchObject({remaining: 0});
    await old.kill();
    await using fresh = await startFakeEngine();
    await gateway.order({order: 'route', upstream: upstreamOf(fresh, 2)});
    for (const response of await Promise.all(waiting)) expect(await response.text()).toContain('[DONE]');
    expect((await gateway.stats()).longestHoldMs).toBeGreaterThan(0);
  });

  it('answers 503 with Retry-After when a hold runs out, and before the first route', async () => {
    await using gateway = await startGateway();
    const early = await chat(gateway);
    expect(early.status).toBe(503);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    await using engine = await startFakeEngine();
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
    await gateway.order({order: 'hold', limitMs: 50});
    expect((await chat(gateway)).status).toBe(503);
  });

  it('ends with the channel to its supervisor', async () => {
    await using gateway = await startGateway();
    expect(await gateway.disconnect()).toMatchObject({signal: null});
  });

  it('says which port is taken', async () => {
    await using gateway = await startGateway();
    const port = Number(new URL(gateway.url).port);
    await expect(startGateway(testConfig({}, port))).rejects.toMatchObject({code: 'port_taken', port});
  });
});
