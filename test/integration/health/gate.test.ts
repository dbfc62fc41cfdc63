import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {BerthError} from '../../../src/base/errors.ts';
import type {ProgressEvent} from '../../../src/base/progress.ts';
import {Secret} from '../../../src/base/secret.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {gate, type GateInput, type GateReport} from '../../../src/health/index.ts';
import type {ProgramState} from '../../../src/hosts/index.ts';
import {chunk, fakeEngine, json, sse, stream, usage, type Behaviour} from './fake-engine.ts';

const running: ProgramState = {state: 'running', pid: 1, since: new Date(), restarts: 0};
const ended = (...lastLines: string[]): ProgramState => ({
  state: 'failed',
  restarts: 0,
  lastExit: {code: 134, signal: null, at: new Date(), lastLines},
});

interface Tried {
  report?: GateReport;
  error?: BerthError;
  events: ProgressEvent[];
  prompts: number[];
  tookMs: number;
}

async function attempt(behaviour: Behaviour, more: Partial<GateInput> = {}): Promise<Tried> {
  await using engine = await fakeEngine(behaviour);
  const events: ProgressEvent[] = [];
  const started = performance.now();
  const end = (): Pick<Tried, 'events' | 'prompts' | 'tookMs'> => ({
    events,
    prompts: engine.prompts,
    tookMs: performance.now() - started,
  });
  try {
    const report = await gate({
      state: () => Promise.resolve(running),
      endpoint: () => Promise.resolve({origin: engine.origin, token: new Secret('t')}),
      model: 'fake',
      healthPath: '/health',
      explain: () => undefined,
      metrics: {generationTokens: 'fake_tokens_total'},
      clock: systemClock,
      progress: (event) => events.push(event),
      signal: new AbortController().signal,
      deadline: seconds(20),
      contextTokens: 4096,
      ...more,
    });
    return {report, ...end()};
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return {error, ...end()};
  }
}

describe('the gate lets a good engine pass', () => {
  it('with every probe told, and the context filled nearly to its end', async () => {
    const {report, events, prompts} = await attempt({});
    expect(report?.probes.map((probe) => probe.name)).toEqual([
      'process',
      'ready',
      'model',
      'completion',
      'warm-up',
    ]);
    expect(report?.firstTokenMs).toBeGreaterThan(0);
    expect(report?.probes.at(-1)).toMatchObject({limitedBy: 'context'});
    expect(Math.max(...prompts)).toBeLessThan(4096);
    expect(Math.max(...prompts)).toBeGreaterThan(4096 * 0.9);
    expect(events.filter((event) => event.status === 'done')).toHaveLength(5);
  });

  it('and tells how far loading is', async () => {
    let asked = 0;
    const {report, events} = await attempt({
      health: (response) => {
        asked++;
        if (asked < 4) json(response, 503, {status: 'loading', progress: asked / 4});
        else json(response, 200, {status: 'ok'});
      },
    });
    expect(report).toBeDefined();
    expect(events.filter((event) => event.status === 'running').map((event) => event.current)).toEqual([
      25, 50, 75,
    ]);
  });

  it('and warms a slow one up only as far as the time allows', async () => {
    const {report, prompts, tookMs} = await attempt(
      {msPerToken: 2},
      {contextTokens: 100_000, warmUpLimit: ms(1500)},
    );
    const warm = report?.probes.at(-1);
    expect(warm).toMatchObject({name: 'warm-up', limitedBy: 'time'});
    expect(warm?.promptTokens).toBeGreaterThan(60);
    expect(Math.max(...prompts)).toBeLessThan(1500);
    expect(tookMs).toBeLessThan(6000);
  });
});

describe('the gate stops an engine that', () => {
  const good = [chunk('Ready.'), chunk(undefined, 'stop'), usage(9, 2), '[DONE]'];
  const says = (body: string): Behaviour => ({completion: (response) => stream(response, body)});

  it.each<[string, Behaviour, string, RegExp]>([
    [
      'lists another model',
      {models: (r) => json(r, 200, {data: [{id: 'other'}]})},
      'model',
      /fake is not listed; listed: other/,
    ],
    ['lists no JSON', {models: (r) => void r.end('<html>')}, 'model', /not JSON: <html>/],
    [
      'says it is broken',
      {health: (r) => json(r, 500, {error: {message: 'no weights'}})},
      'ready',
      /status 500: no weights/,
    ],
    [
      'refuses the completion',
      {completion: (r) => json(r, 400, {error: {message: 'bad template'}})},
      'completion',
      /bad template/,
    ],
    ['answers garbage lines', says('%%%%\n\n'), 'completion', /no server-sent event: %%%%/],
    [
      'answers binary',
      {
        completion: (r) =>
          void r.writeHead(200, {'content-type': 'text/event-stream'}).end(Buffer.from([0x64, 0xff, 0xfe])),
      },
      'completion',
      /UTF-8/,
    ],
    [
      'answers events that are no chunks',
      says(sse({hello: 1}, '[DONE]')),
      'completion',
      /no part of a completion/,
    ],
    ['answers broken JSON', says('data: {"choices":\n\n'), 'completion', /not JSON/],
    [
      'answers without text',
      says(sse(chunk(''), chunk(undefined, 'stop'), usage(9, 0), '[DONE]')),
      'completion',
      /no text/,
    ],
    [
      'answers unreadable characters',
      says(sse(chunk('\ufffd\ufffd\u0001'), ...good.slice(1))),
      'completion',
      /unreadable/,
    ],
    ['gives no finish reason', says(sse(chunk('Hi'), usage(9, 2), '[DONE]')), 'completion', /finish_reason/],
    ['counts no tokens', says(sse(chunk('Hi'), chunk(undefined, 'stop'), '[DONE]')), 'completion', /usage/],
    [
      'has numbers of its own that do not show its answer',
      {metrics: (r) => void r.end('fake_tokens_total 0\n')},
      'completion',
      /its own counter of generated tokens \(fake_tokens_total\)/,
    ],
    ['tells no numbers of its own', {metrics: (r) => json(r, 501, {})}, 'completion', /status 501/],
    ['breaks off', says(sse(...good.slice(0, 2))), 'completion', /broke off/],
    ['goes on after the end', says(sse(...good, chunk('more'))), 'completion', /went on/],
    [
      'reports an error in its stream',
      says(sse(chunk('Hi'), {error: {message: 'KV cache full'}})),
      'completion',
      /KV cache full/,
    ],
    [
      'streams nothing like a stream',
      {completion: (r) => json(r, 200, {choices: []})},
      'completion',
      /not an event stream but application\/json/,
    ],
    ['hangs up', {completion: (r) => void r.destroy()}, 'completion', /connection failed/],
    [
      'breaks under a long prompt',
      {
        completion: (r, number) => {
          if (number === 1) stream(r, sse(...good));
          else json(r, 500, {error: {message: 'out of memory'}});
        },
      },
      'warm-up',
      /out of memory/,
    ],
  ])('%s', async (_, behaviour, probe, why) => {
    const {error} = await attempt(behaviour);
    expect(error?.toJSON()).toMatchObject({
      error: {code: 'gate_failed', exit: 4, why: expect.stringMatching(why) as string, details: {probe}},
    });
    expect(error?.try.length).toBeGreaterThan(0);
  });

  it('never gets ready', async () => {
    const {error} = await attempt({health: (r) => json(r, 503, {status: 'loading'})}, {deadline: ms(400)});
    expect(error?.details).toMatchObject({probe: 'ready'});
    expect(error?.message).toContain('the engine is ready');
  });

  it('accepts a connection and never answers', async () => {
    const {error, tookMs} = await attempt({completion: () => undefined}, {deadline: ms(600)});
    expect(error?.details).toMatchObject({probe: 'completion'});
    expect(tookMs).toBeLessThan(5000);
  });

  it('has ended before it began, with the cause that its log shows', async () => {
    const {error, tookMs} = await attempt(
      {},
      {
        state: () => Promise.resolve(ended('loading', 'ggml: out of memory')),
        explain: (lines) => ({
          code: 'out_of_memory',
          why: () => `known: ${lines.at(-1) ?? ''}`,
          try: ['berth deploy --context 2048'],
          line: '',
        }),
      },
    );
    expect(error?.toJSON()).toMatchObject({
      error: {
        code: 'gate_failed',
        why: 'The program ended (exit 134): known: ggml: out of memory',
        try: ['berth deploy --context 2048'],
        lastLines: ['loading', 'ggml: out of memory'],
        details: {probe: 'process'},
      },
    });
    expect(tookMs).toBeLessThan(1000);
  });

  it('has ended before anybody could ask where it listens', async () => {
    const states = [running, ended('Error in memory profiling.')];
    const {error} = await attempt(
      {},
      {
        state: () =>
          Promise.resolve(states.length > 1 ? (states.shift() ?? running) : (states[0] ?? running)),
        endpoint: () =>
          Promise.reject(new BerthError({code: 'engine_gone', what: () => 'engine-1 does not run.'})),
        explain: (lines) => ({
          code: 'memory_changed',
          why: () => 'A neighbour.',
          try: ['berth capacity'],
          line: lines[0] ?? '',
        }),
      },
    );
    expect(error).toMatchObject({
      code: 'gate_failed',
      details: {probe: 'process', knownCause: 'memory_changed'},
    });
    expect(error?.lastLines).toEqual(['Error in memory profiling.']);
  });

  it('ends while it loads: at once, not at the deadline', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.once("data", () => process.exit(7))'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const {error, tookMs} = await attempt(
      {
        health: (response) => {
          child.stdin.write('x');
          json(response, 503, {status: 'loading'});
        },
      },
      {
        deadline: seconds(60),
        state: () => Promise.resolve(child.exitCode === null ? running : ended(`code ${child.exitCode}`)),
      },
    );
    if (child.exitCode === null) await once(child, 'exit');
    expect(error?.lastLines).toEqual(['code 7']);
    expect(error?.details).toMatchObject({probe: 'ready'});
    expect(tookMs).toBeLessThan(10_000);
  });

  it('dies in the middle of an answer: its last lines are told, not only the broken connection', async () => {
    let died = false;
    const {error} = await attempt(
      {
        completion: (response) => {
          response.writeHead(200, {'content-type': 'text/event-stream'});
          response.write(sse(chunk('Hi')), () => {
            response.destroy();
            setTimeout(() => (died = true), 100);
          });
        },
      },
      {state: () => Promise.resolve(died ? ended('segfault') : running)},
    );
    expect(error?.lastLines).toEqual(['segfault']);
    expect(error?.details).toMatchObject({probe: 'completion'});
  });

  it('is no longer wanted: an interrupt is passed on as it is', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    await expect(attempt({completion: () => undefined}, {signal: abort.signal})).rejects.toThrow(/aborted/);
  });
});
