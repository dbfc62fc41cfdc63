import type {Runtime} from '../hosts/index.ts';
import type {WatchEventKind} from './events.ts';
import type {Answers, Health} from './ask-schema.ts';

/** What the watch of a deployment can be asked. Times in milliseconds since the epoch. */
export type Question =
  | {ask: 'now'}
  /** Rows of `stepMs`; the answer tells the step that it really has: whole seconds for up to two hours, else whole minutes. */
  | {ask: 'history'; sinceMs: number; untilMs: number; stepMs: number}
  /** The newest first, 1000 at most. */
  | {ask: 'events'; sinceMs: number; kinds?: readonly WatchEventKind[]}
  /** The most that each tenant held on each of the last days. */
  | {ask: 'peaks'; days: number}
  /** Prometheus' text format. */
  | {ask: 'metrics'}
  /** How it stands with the guard. */
  | {ask: 'guard'}
  /** Whom it tells of what happens. */
  | {ask: 'alerts'}
  /** Sends a test alert through each webhook. Asked again with the same `test`, it tells what has come of it. */
  | {ask: 'test-alerts'; test: string};

export type {Answers, Health};

/** Asks the watch of a deployment. Fails with `watch_unavailable` where it does not run or does not answer. */
export async function askWatch<Q extends Question>(
  runtime: Pick<Runtime, 'watch'>,
  deployment: string,
  question: Q,
  signal?: AbortSignal,
): Promise<Answers[Q['ask']]> {
  const [value, {answerSchemas}] = await Promise.all([
    runtime.watch(deployment, question, signal),
    // The watch itself loads this file too, and stays small: it has no need of zod.
    import('./ask-schema.ts'),
  ]);
  return answerSchemas[question.ask].parse(value) as Answers[Q['ask']];
}
