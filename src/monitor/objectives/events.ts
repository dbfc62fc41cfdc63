import type {WatchEvent} from '../events.ts';
import type {Burn, Severity} from './burn.ts';
import type {ObjectiveName} from './settings.ts';

export interface ObjectiveEvent extends Pick<WatchEvent, 'text' | 'numbers'> {
  kind: 'objective-burns' | 'objective-fine';
}

interface Promised {
  objective: ObjectiveName;
  /** Milliseconds; for errors the share that may fail. */
  limit: number;
}

/** What was said of an objective that burns. */
export interface Told extends Promised {
  severity: Severity;
}

export function burnsEvent(
  {objective, limit, budget}: Promised & {budget: number},
  burn: Burn,
): ObjectiveEvent {
  const {severity, factor, long, short} = burn;
  const all = long.good + long.bad;
  return {
    kind: 'objective-burns',
    text:
      `The objective ${shown(objective, limit)} burns its budget ${long.rate.toFixed(1)} times as fast as it may: ` +
      `${long.bad} of ${all} ${OF[objective]} missed it within ${span(long.minutes)}.`,
    numbers: {
      objective,
      ...limitOf(objective, limit),
      budgetRatio: budget,
      severity,
      factor,
      longMinutes: long.minutes,
      longRate: Number(long.rate.toFixed(2)),
      shortMinutes: short.minutes,
      shortRate: Number(short.rate.toFixed(2)),
      good: long.good,
      bad: long.bad,
    },
  };
}

export const fineEvent = ({objective, limit}: Promised): ObjectiveEvent => ({
  kind: 'objective-fine',
  text: `The objective ${shown(objective, limit)} burns its budget no more.`,
  numbers: {objective, ...limitOf(objective, limit)},
});

/** What such an event told; undefined of one that told that it is over. */
export function toldIn({numbers}: Pick<WatchEvent, 'numbers'>): Told | undefined {
  const {objective, severity} = numbers;
  const limit = numbers.limitMs ?? numbers.limitRatio;
  if (objective !== 'ttft' && objective !== 'tpot' && objective !== 'errors') return undefined;
  if ((severity !== 'page' && severity !== 'ticket') || typeof limit !== 'number') return undefined;
  return {objective, limit, severity};
}

const OF: Readonly<Record<ObjectiveName, string>> = {
  ttft: 'first tokens',
  tpot: 'tokens',
  errors: 'requests',
};

const limitOf = (objective: ObjectiveName, limit: number): Record<string, number> =>
  objective === 'errors' ? {limitRatio: limit} : {limitMs: limit};

const shown = (objective: ObjectiveName, limit: number): string =>
  objective === 'errors'
    ? `errors (${Number((limit * 100).toPrecision(6))} %)`
    : `${objective} (${limit} ms)`;

const span = (minutes: number): string =>
  minutes <= 60 ? `${minutes} min` : minutes < 48 * 60 ? `${minutes / 60} h` : `${minutes / 1440} d`;
