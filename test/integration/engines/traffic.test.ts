import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {ask, events, jsonOf, startEngine, weightsFolder, type Failure, type RunningEngine} from './rig.ts';

let folder: Awaited<ReturnType<typeof weightsFolder>>;
let engine: RunningEngine;
beforeAll(async () => {
  folder = await weightsFolder();
  engine = await startEngine(folder.nano, ['--sequences', '4', '--queue', '4', '--context', '16384']).ready();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Waits until a metric has a value. */
const metricIs = (name: string, wanted: number): Promise<true> =>
  waitFor(async () => ((await engine.metric(name)) === wanted ? true : undefined), {
    what: () => `${name} to be ${wanted}`,
    deadline: seconds(20),
    clock: systemClock,
    every: ms(10),
  });

/** A request that goes on until it is aborted; resolves once it has its first bytes. */
async function endless(signal: AbortSignal): Promise<void> {
  const wish = ask('hello', {stream: true, ignore_eos: true});
  const response = await engine.post('/v1/chat/completions', wish, signal);
  await response.body?.getReader().read();
}

/** Runs the work while every slot is taken, and gives the slots back. */
async function whileBusy(work: () => Promise<void>): Promise<void> {
  const clients = Array.from({length: 4}, () => new AbortController());
  try {
    await Promise.all(clients.map((client) => endless(client.signal)));
    await work();
  } finally {
    for (const client of clients) client.abort();
  }
  await metricIs('requests_running', 0);
}

describe('many requests at once', () => {
  it('answers 8 streams on 4 sequences in shared batches, each completely', async () => {
    const [steps, tokens] = await Promise.all([
      engine.metric('steps_total'),
      engine.metric('generation_tokens_total'),
    ]);
    const wish = ask('hello', {stream: true, ignore_eos: true, max_tokens: 100});
    const usage = {stream_options: {include_usage: true}};
    const streams = await Promise.all(
      Array.from({length: 8}, async () =>
        events(await engine.post('/v1/chat/completions', {...wish, ...usage})),
      ),
    );
    for (const stream of streams) expect(stream.at(-1)?.usage?.completion_tokens).toBe(100);
    const generated = (await engine.metric('generation_tokens_total')) - tokens;
    const taken = (await engine.metric('steps_total')) - steps;
    expect(generated).toBe(800);
    // Two rounds of four: 200 steps when all share, 800 when each waits for the other.
    expect(taken).toBeLessThan(350);
  });

  it('gives every stream tokens while the others run, not one after the other', async () => {
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const wish = ask('hello', {stream: true, ignore_eos: true, max_tokens: 200});
        const response = await engine.post('/v1/chat/completions', wish);
        for await (const _ of (response.body ?? []) as AsyncIterable<Uint8Array>) order.push(index);
      }),
    );
    const firstEnd = Math.min(...[0, 1, 2, 3].map((index) => order.lastIndexOf(index)));
    expect(new Set(order.slice(0, firstEnd)).size).toBe(4);
  });

  it('does not mix answers up: each client reads its own language', async () => {
    const texts = await Promise.all(
      ['hello', '你好', 'hello', '你好'].map(async (text) =>
        JSON.stringify(await (await engine.post('/v1/chat/completions', ask(text))).json()),
      ),
    );
    expect(texts.map((text) => text.includes('泊'))).toEqual([false, true, false, true]);
  });
});

describe('when all slots are taken', () => {
  it('lets a bounded number wait, and answers 429 to the next', async () => {
    await whileBusy(async () => {
      const waiting = Array.from({length: 4}, () => new AbortController());
      const left = Promise.allSettled(waiting.map((client) => endless(client.signal)));
      await metricIs('requests_waiting', 4);
      const response = await engine.post('/v1/chat/completions', ask('hello'));
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await jsonOf<Failure>(response)).error).toMatchObject({
        code: 'queue_full',
        type: 'rate_limit_error',
      });
      for (const client of waiting) client.abort();
      expect((await left).every((end) => end.status === 'rejected')).toBe(true);
      // Those whose clients left wait no longer, and never get a slot.
      await metricIs('requests_waiting', 0);
      expect(await engine.metric('slots_busy')).toBe(4);
    });
  });

  it('frees the slots of clients that leave', async () => {
    const before = await engine.metric('requests_total{end="aborted"}');
    await whileBusy(() => metricIs('slots_busy', 4).then(() => undefined));
    const after = await engine.metric('requests_total{end="aborted"}');
    expect(after - before).toBe(4);
  });

  it('answers a waiting request as soon as a slot is free', async () => {
    let waiting: Promise<Response> | undefined;
    await whileBusy(async () => {
      waiting = engine.post('/v1/chat/completions', ask('hello', {max_tokens: 3}));
      await metricIs('requests_waiting', 1);
    });
    expect((await waiting)?.status).toBe(200);
  });

  it('survives 200 clients at once, with an answer for each', async () => {
    const statuses = await Promise.all(
      Array.from({length: 200}, async () => {
        const response = await engine.post('/v1/chat/completions', ask('hello', {max_tokens: 2}));
        await response.text();
        return response.status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(8);
    await metricIs('requests_running', 0);
  });
});
