import {describe, expect, it} from 'vitest';
import type {Lane} from '../../../src/engines/embedded/slots/lane.ts';
import {Scheduler, type Job} from '../../../src/engines/embedded/slots/scheduler.ts';

const SAMPLING = {temperature: 0, topP: 1, topK: 0, minP: 0};

/** A lane that counts upwards from the prompt's last token, and writes down what it was asked. */
class CountingLane implements Lane {
  held: number[] = [];
  readonly reads: number[] = [];
  returned = 0;
  failAt = Number.POSITIVE_INFINITY;

  get heldTokens(): number {
    return this.held.length;
  }

  commonPrefix(tokens: readonly number[]): number {
    const different = this.held.findIndex((token, index) => tokens[index] !== token);
    return different < 0 ? this.held.length : different;
  }

  keep(_tokens: readonly number[], count: number): Promise<number> {
    this.held = this.held.slice(0, count);
    return Promise.resolve(this.held.length);
  }

  read(tokens: readonly number[]): Promise<void> {
    this.reads.push(tokens.length);
    this.held.push(...tokens);
    return Promise.resolve();
  }

  async *generate(tokens: readonly number[]): AsyncGenerator<number, void, void> {
    await this.read(tokens);
    let next = (tokens.at(-1) ?? 0) + 1;
    try {
      for (;;) {
        if (next >= this.failAt) throw new Error('decode failed');
        yield next;
        this.held.push(next++);
      }
    } finally {
      this.returned++;
    }
  }
}

interface Told {
  tokens: number[];
  ends: string[];
  cached: number[];
}

/** A job that stops at a token, with everything it was told and a promise of its end. */
function jobOf(prompt: number[], more: Partial<Job> & {until?: number} = {}) {
  const told: Told = {tokens: [], ends: [], cached: []};
  const {promise, resolve} = Promise.withResolvers<Told>();
  const job: Job = {
    prompt,
    sampling: SAMPLING,
    maxTokens: 5,
    signal: new AbortController().signal,
    onStart: (cached) => void told.cached.push(cached),
    onToken: (token) => {
      told.tokens.push(token);
      return token !== more.until;
    },
    onEnd: (end) => {
      told.ends.push(end);
      resolve(told);
    },
    ...more,
  };
  return {job, told, ended: promise};
}

const schedulerOf = (lanes: Lane[], more: {queue?: number; batchTokens?: number} = {}) => {
  const failures: unknown[] = [];
  const scheduler = new Scheduler({
    lanes,
    queue: more.queue ?? 8,
    batchTokens: more.batchTokens ?? 64,
    onFailure: (error) => failures.push(error),
  });
  return {scheduler, failures};
};

describe('Scheduler', () => {
  it('answers until the job is content, or its tokens are used up', async () => {
    const {scheduler} = schedulerOf([new CountingLane()]);
    const first = jobOf([1, 2], {until: 4});
    const second = jobOf([10], {maxTokens: 3});
    scheduler.submit(first.job);
    scheduler.submit(second.job);
    expect(await first.ended).toEqual({tokens: [3, 4], ends: ['complete'], cached: [0]});
    expect(await second.ended).toEqual({tokens: [11, 12, 13], ends: ['length'], cached: [0]});
    expect(scheduler.counts()).toMatchObject({running: 0, waiting: 0, promptTokens: 3, generatedTokens: 5});
  });

  it('advances all slots together: two answers cost the steps of one', async () => {
    const {scheduler} = schedulerOf([new CountingLane(), new CountingLane()]);
    const jobs = [jobOf([1]), jobOf([20])];
    for (const {job} of jobs) scheduler.submit(job);
    await Promise.all(jobs.map((job) => job.ended));
    expect(scheduler.counts()).toMatchObject({steps: 5, generatedTokens: 10});
  });

  it('begins a waiting request as soon as a slot is free', async () => {
    const {scheduler} = schedulerOf([new CountingLane(), new CountingLane()]);
    const short = jobOf([1], {maxTokens: 1});
    const long = jobOf([2], {maxTokens: 6});
    const late = jobOf([3], {maxTokens: 5});
    for (const {job} of [short, long, late]) scheduler.submit(job);
    await Promise.all([short.ended, long.ended, late.ended]);
    expect(scheduler.counts().steps).toBe(6);
  });

  it('reads a long prompt in pieces of the batch', async () => {
    const lane = new CountingLane();
    const {scheduler} = schedulerOf([lane], {batchTokens: 4});
    const {job, ended} = jobOf([1, 2, 3, 4, 5, 6, 7, 8, 9], {maxTokens: 1});
    scheduler.submit(job);
    expect((await ended).tokens).toEqual([10]);
    expect(lane.reads).toEqual([4, 4, 1]);
  });

  it('chooses the slot that holds most of the prompt, and reads at least its last token', async () => {
    const [other, same] = [new CountingLane(), new CountingLane()];
    other.held = [7, 8, 9];
    same.held = [1, 2, 3, 4];
    const {scheduler} = schedulerOf([other, same]);
    const {job, ended} = jobOf([1, 2, 3], {maxTokens: 1});
    scheduler.submit(job);
    expect((await ended).cached).toEqual([2]);
    expect(same.reads).toEqual([1]);
    expect(other.held).toEqual([7, 8, 9]);
  });

  it('is full when slots and queue are', () => {
    const {scheduler} = schedulerOf([new CountingLane()], {queue: 1});
    const jobs = [jobOf([1]), jobOf([2])];
    expect(scheduler.full).toBe(false);
    for (const {job} of jobs) scheduler.submit(job);
    expect(scheduler.counts()).toMatchObject({waiting: 2});
    expect(scheduler.full).toBe(true);
  });

  it('frees the slot of a client that is gone at the next token', async () => {
    const lane = new CountingLane();
    const {scheduler} = schedulerOf([lane]);
    const gone = new AbortController();
    const {job, told, ended} = jobOf([1], {
      maxTokens: 1000,
      signal: gone.signal,
      onToken: (token) => {
        told.tokens.push(token);
        if (token === 4) gone.abort();
        return true;
      },
    });
    scheduler.submit(job);
    await ended;
    expect(told).toEqual({tokens: [2, 3, 4], ends: ['aborted'], cached: [0]});
    expect(lane.returned).toBe(1);
    expect(scheduler.counts().running).toBe(0);
  });

  it('removes a waiting request whose client leaves, at once', async () => {
    const {scheduler} = schedulerOf([new CountingLane()]);
    const gone = new AbortController();
    const running = jobOf([1]);
    const waiting = jobOf([2], {signal: gone.signal});
    scheduler.submit(running.job);
    scheduler.submit(waiting.job);
    gone.abort();
    expect(waiting.told.ends).toEqual(['aborted']);
    expect((await running.ended).ends).toEqual(['length']);
    expect(waiting.told.tokens).toEqual([]);
  });

  it('ends everything when the library fails, and takes nothing more', async () => {
    const lane = new CountingLane();
    lane.failAt = 3;
    const {scheduler, failures} = schedulerOf([lane]);
    const jobs = [jobOf([1]), jobOf([9])];
    for (const {job} of jobs) scheduler.submit(job);
    const ends = (await Promise.all(jobs.map((job) => job.ended))).map((told) => told.ends);
    expect(ends).toEqual([['failed'], ['failed']]);
    expect(failures).toEqual([expect.objectContaining({message: 'decode failed'})]);
    expect(scheduler.full).toBe(true);
  });

  it('ends running and waiting requests when it is closed', async () => {
    const {scheduler} = schedulerOf([new CountingLane()]);
    const jobs = [jobOf([1], {maxTokens: 100_000}), jobOf([2])];
    for (const {job} of jobs) scheduler.submit(job);
    await scheduler.close();
    expect(jobs.map(({told}) => told.ends)).toEqual([['aborted'], ['aborted']]);
  });
});
