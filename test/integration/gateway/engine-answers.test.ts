import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {readFile} from 'node:fs/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {chat, eventsOf, startGateway, until, type RunningGateway} from './rig.ts';

interface Recorded {
  name: string;
  engine: string;
  source: string;
  status: number;
  body: unknown;
  told: {status: number; code: string; type: string; message: string; retryAfter?: string};
}

interface RecordedStream {
  name: string;
  source: string;
  text: string;
  content: string;
  usage: {prompt: number; completion: number} | null;
  error: string | null;
}

const read = async (file: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../../fixtures/engines/${file}`, import.meta.url), 'utf8')) as unknown;
const recorded = (await read('refusals.json')) as Recorded[];
const streams = (await read('vllm/streams.json')) as RecordedStream[];

/** Behind the gateway stands a double that answers every request with one recorded answer of an engine. */
describe('what engines answer, behind the gateway', () => {
  let answer: {status: number; type: string; text: string} = {status: 500, type: 'text/plain', text: ''};
  const double = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(answer.status, {'content-type': answer.type});
      response.end(answer.text);
    });
  });
  let gateway: RunningGateway;
  beforeAll(async () => {
    await new Promise<void>((resolve) => double.listen(0, '127.0.0.1', resolve));
    gateway = await startGateway();
    const origin = `http://127.0.0.1:${(double.address() as AddressInfo).port}`;
    await gateway.order({order: 'route', upstream: {release: 1, origin, token: 't', model: 'fake-model'}});
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    double.closeAllConnections();
    double.close();
  });

  it.each(recorded)('a refusal of $engine in OpenAI’s shape: $name', async ({status, body, told}) => {
    answer = {status, type: 'application/json', text: JSON.stringify(body)};
    for (const stream of [false, true]) {
      const response = await chat(gateway, {stream});
      expect(response.status).toBe(told.status);
      expect(response.headers.get('retry-after')).toBe(told.retryAfter ?? null);
      const {error} = (await response.json()) as {error: Record<string, unknown>};
      expect(error).toMatchObject({code: told.code, type: told.type});
      expect(error.message).toMatch(new RegExp(told.message));
    }
  });

  it.each(streams)('a stream of vLLM: $name', async ({text, content, usage, error}) => {
    answer = {status: 200, type: 'text/event-stream; charset=utf-8', text};
    const response = await chat(gateway, {stream: true});
    const events = eventsOf(await response.text());
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event) as Chunk);
    expect(chunks.map((chunk) => chunk.choices?.[0]?.delta.content ?? '').join('')).toBe(content);
    expect(chunks.find((chunk) => chunk.error)?.error?.message ?? null).toBe(error);
    expect(chunks.some((chunk) => chunk.usage)).toBe(false);
    await until('it is logged', () =>
      gateway.log().some((line) => line.id === response.headers.get('x-request-id')),
    );
    const line = gateway.log().find(({id}) => id === response.headers.get('x-request-id'));
    expect(line).toMatchObject({
      status: 200,
      ...(usage && {promptTokens: usage.prompt, completionTokens: usage.completion}),
    });
  });
});

interface Chunk {
  choices?: {delta: {content?: string}}[];
  usage?: object;
  error?: {message: string};
}
