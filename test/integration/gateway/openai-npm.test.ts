import OpenAI, {
  APIConnectionTimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
} from 'openai';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startFakeEngine, type FakeEngine} from '../../fakes/engine/start.ts';
import {startGateway, until, upstreamOf, type RunningGateway} from './rig.ts';

/** The official client as its users write it; `fake` tells the fake engine behind the gateway what to do. */
describe('the official openai client of npm', () => {
  let engine: FakeEngine;
  let gateway: RunningGateway;
  let client: OpenAI;
  beforeAll(async () => {
    engine = await startFakeEngine();
    gateway = await startGateway();
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
    client = new OpenAI({baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0});
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  const messages = [{role: 'user' as const, content: 'hello'}];
  const model = 'fake-model';

  it('lists models', async () => {
    const ids = [];
    for await (const {id} of client.models.list()) ids.push(id);
    expect(ids).toEqual([model]);
  });

  it('answers whole', async () => {
    const answer = await client.chat.completions.create({model, messages});
    expect(answer.choices[0]?.message.content).toBe('word word word word word ');
    expect(answer.usage?.completion_tokens).toBe(5);
  });

  it('streams', async () => {
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: {include_usage: true},
    });
    let content = '';
    let tokens = 0;
    for await (const chunk of stream) {
      content += chunk.choices[0]?.delta.content ?? '';
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    expect(content).toBe('word word word word word ');
    expect(tokens).toBe(5);
  });

  it('completes', async () => {
    const answer = await client.completions.create({model, prompt: 'hello'});
    expect(answer.choices[0]?.text).toContain('word');
  });

  it('maps errors to its classes', async () => {
    await expect(client.chat.completions.create({model: 'gpt-9', messages})).rejects.toThrow(NotFoundError);
    const negative = client.chat.completions.create({model, messages, max_completion_tokens: -1});
    await expect(negative).rejects.toThrow(BadRequestError);
    const stranger = new OpenAI({baseURL: `${gateway.url}/v1`, apiKey: 'sk-no', maxRetries: 0});
    await expect(stranger.models.list()).rejects.toThrow(AuthenticationError);
  });

  it('times out and cancels, and the engine is told', async () => {
    const slow = {model, messages, stream: true, fake: {tokens: 10_000, everyMs: 10, delayMs: 5000}} as const;
    await expect(client.chat.completions.create(slow, {timeout: 100})).rejects.toThrow(
      APIConnectionTimeoutError,
    );
    const before = (await engine.seen()).cancelled;
    const leaving = new AbortController();
    const stream = await client.chat.completions.create(
      {...slow, fake: {tokens: 10_000, everyMs: 10}} as typeof slow,
      {signal: leaving.signal},
    );
    const reading = (async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) leaving.abort();
    })();
    await reading.catch((error: unknown) => {
      expect(error).toBeInstanceOf(APIUserAbortError);
    });
    await until('the engine sees it', async () => (await engine.seen()).cancelled > before);
  });
});
