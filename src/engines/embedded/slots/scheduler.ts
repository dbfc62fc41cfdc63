import type {Sampling} from '../api/requests.ts';
import {shareBatch} from './batch.ts';
import type {Lane} from './lane.ts';

/** A request as the scheduler sees it: tokens in, tokens out. */
export interface Job {
  prompt: readonly number[];
  sampling: Sampling;
  /** Answer tokens at most. */
  maxTokens: number;
  /** The client is gone when it aborts. */
  signal: AbortSignal;
  /** Called when a slot begins with it; `cached` prompt tokens need no reading. */
  onStart(cached: number): void;
  /** One token. False when the answer is complete. */
  onToken(token: number): boolean;
  /** Called once, last. */
  onEnd(end: 'complete' | 'length' | 'aborted' | 'failed'): void;
}

interface Slot {
  lane: Lane;
  work: Work | undefined;
}

interface Work {
  job: Job;
  /** Prompt tokens that are still to be read. */
  unread: readonly number[];
  answer: AsyncGenerator<number, void, void> | undefined;
  produced: number;
}

export interface SchedulerOptions {
  lanes: readonly Lane[];
  /** Jobs that may wait. */
  queue: number;
  /** Tokens of one step, over all slots. */
  batchTokens: number;
  /** The library failed: nothing that it holds can be trusted any more. */
  onFailure(error: unknown): void;
}

/** Totals since the start, and what is going on now. */
export interface SchedulerCounts {
  running: number;
  waiting: number;
  promptTokens: number;
  cachedTokens: number;
  generatedTokens: number;
  /** Batches evaluated. `generatedTokens / steps` shows how well requests share them. */
  steps: number;
  heldTokens: number;
}

/**
 * Continuous batching. All slots advance together, one batch a step: a slot that answers contributes
 * one token, a slot that reads its prompt takes a share of the rest. Requests come and go between steps.
 */
export class Scheduler {
  readonly #slots: Slot[];
  readonly #options: SchedulerOptions;
  readonly #waiting: Job[] = [];
  #turning: Promise<void> | undefined;
  #closed = false;
  #totals = {promptTokens: 0, cachedTokens: 0, generatedTokens: 0, steps: 0};

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#slots = options.lanes.map((lane) => ({lane, work: undefined}));
  }

  get full(): boolean {
    // Free slots are counted too: of many requests that arrive at once, none has a slot yet.
    return this.#closed || this.#running + this.#waiting.length >= this.#slots.length + this.#options.queue;
  }

  get #running(): number {
    return this.#slots.filter((slot) => slot.work !== undefined).length;
  }

  counts(): SchedulerCounts {
    return {
      ...this.#totals,
      running: this.#running,
      waiting: this.#waiting.length,
      heldTokens: this.#slots.reduce((sum, slot) => sum + slot.lane.heldTokens, 0),
    };
  }

  /** Takes a job; the caller has asked `full` before. */
  submit(job: Job): void {
    this.#waiting.push(job);
    // A job that waits leaves the queue at once, one that runs at the next step.
    job.signal.addEventListener('abort', () => this.#forget(job), {once: true});
    this.#turning ??= this.#turn();
  }

  /** Ends every job as aborted. Resolves when the step under way is over. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.onEnd('aborted');
    await this.#turning;
  }

  #forget(job: Job): void {
    const place = this.#waiting.indexOf(job);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    job.onEnd('aborted');
  }

  async #turn(): Promise<void> {
    try {
      // Jobs that arrive in the same turn of the event loop begin together.
      await new Promise(setImmediate);
      for (;;) {
        await this.#dropAborted();
        await this.#admit();
        if (this.#running === 0) break;
        await this.#step();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#turning = undefined;
    }
  }

  async #dropAborted(): Promise<void> {
    for (const slot of this.#slots) {
      if (slot.work && (this.#closed || slot.work.job.signal.aborted)) await this.#finish(slot, 'aborted');
    }
  }

  /** Gives waiting jobs, the oldest first, the free slot that holds most of their prompt. */
  async #admit(): Promise<void> {
    for (;;) {
      const free = this.#slots.filter((slot) => slot.work === undefined);
      const job = free.length > 0 ? this.#waiting.shift() : undefined;
      if (job === undefined) return;
      const slot = bestSlot(free, job.prompt);
      if (slot === undefined) return;
      // The last token is read in any case: the answer begins with what follows it.
      const common = Math.min(slot.lane.commonPrefix(job.prompt), job.prompt.length - 1);
      slot.work = {job, unread: job.prompt, answer: undefined, produced: 0};
      const kept = await slot.lane.keep(job.prompt, common);
      slot.work.unread = job.prompt.slice(kept);
      this.#totals.promptTokens += job.prompt.length;
      this.#totals.cachedTokens += kept;
      job.onStart(kept);
    }
  }

  async #step(): Promise<void> {
    const busy = this.#slots.filter((slot) => slot.work !== undefined);
    const shares = shareBatch(
      busy.map((slot) => slot.work?.unread.length ?? 0),
      this.#options.batchTokens,
    );
    this.#totals.steps++;
    const tokens = await Promise.all(busy.map((slot, index) => this.#advance(slot, shares[index] ?? 0)));
    for (const [index, slot] of busy.entries()) {
      const token = tokens[index];
      if (token !== undefined) await this.#deliver(slot, token);
    }
  }

  /** The token that this step brought the slot, or undefined while it reads. */
  async #advance({lane, work}: Slot, share: number): Promise<number | undefined> {
    if (work === undefined) return undefined;
    if (work.answer === undefined) {
      const part = work.unread.slice(0, share);
      if (part.length === 0) return undefined;
      if (part.length < work.unread.length) {
        await lane.read(part);
        work.unread = work.unread.slice(share);
        return undefined;
      }
      work.unread = [];
      work.answer = lane.generate(part, work.job.sampling);
    }
    const next = await work.answer.next();
    if (next.done) throw new Error('The model stopped without an end-of-answer token.');
    return next.value;
  }

  async #deliver(slot: Slot, token: number): Promise<void> {
    const {work} = slot;
    if (work === undefined || work.job.signal.aborted) return;
    work.produced++;
    this.#totals.generatedTokens++;
    if (!work.job.onToken(token)) await this.#finish(slot, 'complete');
    else if (work.produced >= work.job.maxTokens) await this.#finish(slot, 'length');
  }

  async #finish(slot: Slot, end: 'complete' | 'length' | 'aborted'): Promise<void> {
    const {work} = slot;
    slot.work = undefined;
    await work?.answer?.return();
    work?.job.onEnd(end);
  }

  #fail(error: unknown): void {
    this.#closed = true;
    const running = this.#slots.flatMap((slot) => slot.work?.job ?? []);
    for (const slot of this.#slots) slot.work = undefined;
    for (const job of [...running, ...this.#waiting.splice(0)]) job.onEnd('failed');
    this.#options.onFailure(error);
  }
}

/** The longest common prefix wins; among equals the one whose loss costs least. */
function bestSlot(free: readonly Slot[], prompt: readonly number[]): Slot | undefined {
  const ranked = free.map((slot) => ({slot, common: slot.lane.commonPrefix(prompt)}));
  ranked.sort((a, b) => b.common - a.common || a.slot.lane.heldTokens - b.slot.lane.heldTokens);
  return ranked[0]?.slot;
}
