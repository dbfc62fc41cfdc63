import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {mib} from '../../../src/base/units.ts';
import {engineFor, readMetrics} from '../../../src/engines/index.ts';
import {writeNano} from '../../../src/models/index.ts';
import {needsLlamaServer} from '../../rig/llama-server.ts';
import {freePort} from '../../support/berth.ts';
import {temporaryFolder} from '../../support/temporary.ts';
import {chat, eventsOf, startGateway, testConfig, until, type RunningGateway} from './rig.ts';

const program = await needsLlamaServer();
const TOKEN = 'engine-secret';
const PROMPT_TOKENS = 400;

interface Chunk {
  choices: {delta: {content?: string | null}; finish_reason: string | null}[];
  usage?: {prompt_tokens: number; completion_tokens: number};
  timings?: object;
}

describe.skipIf(program === undefined)('the gateway in front of the real llama-server', () => {
  const engine = engineFor('llama-cpp', {llamaServer: program});
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: ChildProcess;
  let origin: string;
  let gateway: RunningGateway;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const weightsFile = join(folder.path, 'nano.gguf');
    await writeNano(weightsFile);
    const port = String(await freePort());
    origin = `http://127.0.0.1:${port}`;
    const spec = engine.launch({
      ...{release: 1, model: 'fake-model', weightsFile, predictedPeakBytes: mib(100)},
      settings: {contextTokens: 2048, sequences: 2, kvType: 'q8_0', batchTokens: 256, queue: 8, threads: 1},
    });
    const [command, ...args] = spec.argv.map((word) =>
      word.replace('{address}', '127.0.0.1').replace('{port}', port),
    );
    server = spawn(command ?? '', args, {stdio: 'ignore', env: {...process.env, LLAMA_API_KEY: TOKEN}});
    gateway = await startGateway(testConfig({limits: {promptTokens: PROMPT_TOKENS}}));
    await until('it is loaded', async () => {
      const health = await fetch(`${origin}/health`).catch(() => undefined);
      return health?.status === 200;
    });
    const {release, model} = spec;
    await gateway.order({order: 'route', upstream: {release, model, origin, token: TOKEN}});
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
    await folder[Symbol.asyncDispose]();
  });

  const say = (content: string, more: object = {}): Promise<Response> =>
    chat(gateway, {messages: [{role: 'user', content}], temperature: 0, ...more});
  const chunksOf = (text: string): Chunk[] =>
    eventsOf(text)
      .filter((data) => data !== '[DONE]')
      .map((data) => JSON.parse(data) as Chunk);
  const metrics = async () => {
    const response = await fetch(`${origin}/metrics`, {headers: {authorization: `Bearer ${TOKEN}`}});
    return readMetrics(engine.metrics, await response.text());
  };

  it('streams, meters, and gives usage only to who asks for it', async () => {
    const response = await say('Hello!', {stream: true});
    const chunks = chunksOf(await response.text());
    const content = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(content).toContain("This is Berth's built-in stand-in model");
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.some((chunk) => chunk.usage)).toBe(false);
    const id = response.headers.get('x-request-id');
    await until('it is logged', () => gateway.log().some((line) => line.id === id));
    expect(gateway.log().find((line) => line.id === id)).toMatchObject({
      ...{outcome: 'ok', promptTokens: expect.any(Number) as number},
      ...{completionTokens: expect.any(Number) as number, ttftMs: expect.any(Number) as number},
    });
    const asked = await say('Hello!', {stream: true, stream_options: {include_usage: true}});
    expect(chunksOf(await asked.text()).filter((chunk) => chunk.usage)).toHaveLength(1);
  });

  it('answers whole, and completions too', async () => {
    const whole = (await (await say('Hello!')).json()) as {usage: object; choices: [{message: object}]};
    expect(whole.usage).toMatchObject({completion_tokens: expect.any(Number) as number});
    const response = await fetch(`${gateway.url}/v1/completions`, {
      method: 'POST',
      headers: {authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json'},
      body: JSON.stringify({model: 'fake-model', prompt: 'Hello', max_tokens: 4, stream: true}),
    });
    const events = eventsOf(await response.text());
    expect(events.at(-1)).toBe('[DONE]');
    expect(events.join('')).toContain('"text":"');
  });

  it('lets its own tokenizer count a prompt near the cap', async () => {
    const within = await say('harbour '.repeat(45), {max_tokens: 2});
    expect(within.status).toBe(200);
    const over = await say('harbour '.repeat(60), {max_tokens: 2});
    expect(over.status).toBe(400);
    const {error} = (await over.json()) as {error: {code: string; message: string}};
    expect(error.code).toBe('context_length_exceeded');
    expect(error.message).toContain(`at most ${PROMPT_TOKENS} tokens; yours has 480`);
  });

  it('frees its slot when the client hangs up', async () => {
    const before = await metrics();
    const hangUp = new AbortController();
    const request = {stream: true, ignore_eos: true, max_tokens: 2000};
    const response = await chat(
      gateway,
      {messages: [{role: 'user', content: 'Hello!'}], ...request},
      {signal: hangUp.signal},
    );
    const reader = response.body?.getReader();
    await reader?.read();
    hangUp.abort();
    await until('the slot is free', async () => {
      const {requestsRunning, generationTokens = 0} = await metrics();
      return requestsRunning === 0 && generationTokens > (before.generationTokens ?? 0);
    });
    expect((await metrics()).generationTokens).toBeLessThan((before.generationTokens ?? 0) + 2000);
  });

  it('survives that its engine is gone, and says so', async () => {
    server.kill('SIGKILL');
    await once(server, 'close');
    const response = await say('Hello!');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
  });
});
