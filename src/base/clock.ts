import {setTimeout as delay} from 'node:timers/promises';
import {ms, type Duration} from './units.ts';

/** Time, passed in so that tests can move it. */
export interface Clock {
  /** Wall time: for records that people read. It may jump. */
  now(): Date;
  /** Milliseconds from an arbitrary start that never run backwards: for every span and deadline. */
  elapsed(): Duration;
  sleep(span: Duration, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => ms(performance.now()),
  sleep: (span, signal) => delay(span, undefined, signal ? {signal} : {}),
};
