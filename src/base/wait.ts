import type {Clock} from './clock.ts';
import {BerthError, ExitCode} from './errors.ts';
import type {Say} from './texts/index.ts';
import {formatDuration, ms, type Duration} from './units.ts';

export interface WaitOptions {
  /** Completes "waiting for …" in the error. */
  what: Say;
  deadline: Duration;
  clock: Clock;
  signal?: AbortSignal;
  /** Time between two tries; 50 ms unless told. */
  every?: Duration;
  /** What was seen last, for the error when the deadline passes. */
  evidence?: () => readonly string[];
}

/**
 * Asks until the answer is not undefined. Throws what `ask` throws at once, so a condition that can
 * never come true (the process is gone) fails in one step, not at the deadline.
 */
export async function waitFor<T>(ask: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const {clock, deadline, signal} = options;
  const started = clock.elapsed();
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (clock.elapsed() - started >= deadline) {
      throw new BerthError({
        code: 'deadline_passed',
        what: (t) => t.base.deadlinePassed({what: options.what(t), deadline: formatDuration(deadline)}),
        try: ['berth status', 'berth logs'],
        exit: ExitCode.failed,
        lastLines: options.evidence?.() ?? [],
      });
    }
    await clock.sleep(options.every ?? ms(50), signal);
  }
}
