import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Clock} from '../../base/clock.ts';
import {ms, seconds, type Duration} from '../../base/units.ts';
import {parseCards, fieldsFor, refusedField, type CardRow} from './cards.ts';
import {cardFault, faultIn, type CardFault} from './faults.ts';
import {QUERIES} from './smi.ts';

/** A program that goes on printing. */
export interface LoopedChild {
  output: AsyncIterable<string>;
  /** The exit code, null when a signal ended it, `missing` when there is no such program. */
  ended: Promise<number | null | 'missing'>;
  /** Ends it, or leaves it behind when it cannot be ended. */
  leave(): void;
}

export type StartLoop = (argv: readonly [string, ...string[]]) => LoopedChild;

export type CardEvent =
  | {state: 'row'; card: CardRow}
  /** It fell silent or ended; it is started again after a pause. */
  | {state: 'fault'; fault: CardFault; retryIn: Duration};

export interface FollowOptions {
  start: StartLoop;
  clock: Clock;
  signal: AbortSignal;
  /** Time between two rows; a second unless told. */
  every?: Duration;
  /** Silence after which the child is given up; ten times `every`, at least 5 s, unless told. */
  silence?: Duration;
  /** Index or UUID of the one card to follow; all when left out. */
  card?: string;
}

const FIRST_PAUSE = seconds(1);
const LONGEST_PAUSE = seconds(60);
/** A longer line is no row. Characters. */
const LONGEST_LINE = 16 * 1024;
/** Children left behind in a wedged driver before no more are started. */
const MOST_STUCK = 4;
/** What it said besides rows, kept to explain its end. */
const STRAY_LINES = 20;

/** Doubles with every failure in a row. Pure. */
export const pauseAfter = (failures: number): Duration =>
  ms(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.max(0, failures - 1)));

/**
 * Readings from one `nvidia-smi -lms` that stays, because starting one costs more than asking it. Whether it
 * flushes each row into a pipe is not promised, and it can hang in the driver: a watchdog gives it up after a
 * silence and starts another. Ends when the signal aborts, and never throws.
 */
export async function* followCards(options: FollowOptions): AsyncGenerator<CardEvent, void> {
  const {start, clock, signal, every = seconds(1), card} = options;
  const silence = options.silence ?? ms(Math.max(5000, every * 10));
  const refused = new Set<string>();
  let failures = 0;
  let stuck = 0;
  while (!signal.aborted) {
    if (stuck >= MOST_STUCK) {
      yield {state: 'fault', fault: cardFault('silent', '', `${silence / 1000} s`), retryIn: LONGEST_PAUSE};
      await pause(LONGEST_PAUSE, clock, signal);
      continue;
    }
    const only = card === undefined ? [] : ['-i', card];
    const query = QUERIES.cards(fieldsFor(refused));
    const child = start(['nvidia-smi', ...only, ...query, '-lms', String(every)]);
    stuck++;
    void child.ended.then(() => stuck--);
    const reader = new RowReader();
    let end: 'ended' | 'silent' | 'aborted' = 'ended';
    const chunks = child.output[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await within(chunks.next(), silence, clock, signal);
        if (next === 'silent' || next === 'aborted') {
          end = next;
          break;
        }
        // Its last words may end without a line break.
        for (const row of reader.add(next.done ? '\n' : next.value)) {
          failures = 0;
          yield {state: 'row', card: row};
        }
        if (next.done) break;
      }
    } finally {
      child.leave();
    }
    if (end === 'aborted') return;
    const field = refusedField(reader.stray.join('\n'));
    if (end === 'ended' && field !== undefined && !refused.has(field)) {
      refused.add(field);
      continue;
    }
    failures++;
    const retryIn = pauseAfter(failures);
    const fault =
      end === 'silent'
        ? cardFault('silent', '', `${silence / 1000} s`)
        : await lastWords(child, reader.stray, clock, signal);
    yield {state: 'fault', fault, retryIn};
    await pause(retryIn, clock, signal);
  }
}

/** Cuts what arrives into lines, and reads them by the header that came first. */
class RowReader {
  readonly stray: string[] = [];
  #header = '';
  #rest = '';

  add(chunk: string): CardRow[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    return lines.flatMap((line) => this.#read(line.slice(0, LONGEST_LINE)));
  }

  #read(line: string): CardRow[] {
    const {cards, stray} = parseCards(`${this.#header}\n${line}`);
    if (cards.length === 0 && stray.length === 0 && line.trim() !== '') this.#header = line;
    this.stray.push(...stray);
    this.stray.splice(0, this.stray.length - STRAY_LINES);
    return cards;
  }
}

/** What came first: the next chunk, silence, or the end of all. */
async function within<T>(
  next: Promise<T>,
  silence: Duration,
  clock: Clock,
  signal: AbortSignal,
): Promise<T | 'silent' | 'aborted'> {
  const over = new AbortController();
  const waited = clock.sleep(silence, AbortSignal.any([over.signal, signal])).then(
    () => 'silent' as const,
    () => 'aborted' as const,
  );
  try {
    return await Promise.race([next, waited]);
  } finally {
    over.abort();
  }
}

async function lastWords(
  child: LoopedChild,
  stray: readonly string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<CardFault> {
  const code = await within(child.ended, seconds(1), clock, signal);
  if (code === 'missing') return cardFault('not-installed');
  const said = {code: typeof code === 'number' ? code : null, text: stray.join('\n')};
  // A loop has no end of its own: also exit 0 is a failure.
  return faultIn(said) ?? cardFault('unreadable', stray.at(-1) ?? '');
}

async function pause(span: Duration, clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(span, signal).catch(() => undefined);
}

/** Starts it on this machine. */
export function startLocally([program, ...rest]: readonly [string, ...string[]]): LoopedChild {
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {...process.env, LC_ALL: 'C'},
    windowsHide: true,
  });
  child.stdout.setEncoding('utf8');
  const ended = once(child, 'close').then(
    ([code]: (number | null)[]) => code ?? null,
    () => 'missing' as const,
  );
  return {
    output: textOf(child.stdout),
    ended,
    leave() {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.unref();
    },
  };
}

async function* textOf(stream: AsyncIterable<unknown>): AsyncGenerator<string, void> {
  try {
    for await (const chunk of stream) yield String(chunk);
  } catch {
    // The stream was destroyed, since its child was left behind: that is an end like any other.
  }
}
