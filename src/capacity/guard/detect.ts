import {
  bucketOf,
  learnSecond,
  learnWindow,
  referenceOf,
  windowSpread,
  type Baseline,
  type Reference,
} from './baseline.ts';
import {median, rounded, stored} from './numbers.ts';
import type {Observation} from './observation.ts';

/** One second in which the model wrote, judged. Plain JSON. */
export interface Judged {
  /** On the guard's own clock, ms. */
  tMs: number;
  /** How much slower than its reference, as a natural logarithm. */
  log: number;
  /** Cores in use by each neighbour that was left alone; `HANDLED` for one that was acted on. */
  cores: Readonly<Record<string, number>>;
}

export interface Detection {
  baseline: Baseline;
  /** The newest last, `HISTORY` at most. */
  history: readonly Judged[];
  /** Since when the model is slowed, on the guard's clock. */
  slowSinceMs: number | undefined;
  /** Judged seconds since a window was learned from. */
  sinceLearned: number;
}

/** What a slow second was held against, for the evidence. */
export interface Slowness {
  /** Middle of the window: how many times the reference it takes. */
  ratio: number;
  interTokenMs: number;
  referenceMs: number;
  reference: Reference['kind'];
  streams: number;
  /** From this ratio on a second is slow. */
  threshold: number;
}

export const noDetection = (baseline: Baseline): Detection => ({
  baseline,
  history: [],
  slowSinceMs: undefined,
  sinceLearned: 0,
});

/** In place of a neighbour's cores: what it does while it is held back says nothing about what it would do. */
const HANDLED = -1;
/** Judged seconds that are remembered: what blame is decided on. */
const HISTORY = 300;
/** So many of the last judged seconds must be slow (or fine again), and all of them within `WINDOW_MS`. */
const WINDOW = 9;
const NEEDED = 7;
/** The same where a neighbour that was found guilty before is at work again. */
const QUICK_WINDOW = 5;
const QUICK_NEEDED = 4;
const WINDOW_MS = 20_000;
/** Noise must be exceeded so many times. */
const SIGMAS = 5;
/** A model within this of its reference is well again. */
const FINE = Math.log(1.25);
/** Others may use so many cores together while the model still counts as alone. */
const ALONE_CORES = 0.2;

/**
 * Takes in one second. `slowdown` is the ratio that the policy calls slow; a noisy machine needs more, by what was
 * learned of its noise. Answers with what is known now, and with the evidence while the model is slowed.
 */
export function detect(
  before: Detection,
  observation: Observation,
  tMs: number,
  {slowdown, quick, handled}: {slowdown: number; quick: boolean; handled: ReadonlySet<string>},
): {detection: Detection; slowness: Slowness | undefined} {
  const {model} = observation;
  if (model?.interTokenMs === undefined || model.streams === 0 || !(model.interTokenMs > 0)) {
    return {detection: ended(before, tMs), slowness: undefined};
  }
  const bucket = bucketOf(model.streams, model.reading);
  const log = Math.log(model.interTokenMs);
  const reference = referenceOf(before.baseline, bucket);
  const busy = observation.neighbours.reduce((sum, {cores}) => sum + cores, observation.restCores);
  const kind = busy <= ALONE_CORES ? 'alone' : 'usual';
  if (!reference) {
    return {
      detection: {...before, baseline: learnSecond(before.baseline, bucket, log, kind)},
      slowness: undefined,
    };
  }

  const relative = log - reference.log;
  const threshold = Math.max(Math.log(slowdown), SIGMAS * windowSpread(before.baseline));
  const cores = Object.fromEntries(
    observation.neighbours.map((one) => [one.key, handled.has(one.key) ? HANDLED : rounded(one.cores)]),
  );
  const history = before.history.slice(1 - HISTORY);
  history.push({tMs, log: stored(relative), cores});
  const wasSlow = before.slowSinceMs !== undefined;
  const [size, needed] = quick && !wasSlow ? [QUICK_WINDOW, QUICK_NEEDED] : [WINDOW, NEEDED];
  const window = history.slice(-size).filter((one) => tMs - one.tMs <= WINDOW_MS);
  const slow = window.filter((one) => one.log >= threshold);
  const fine = window.filter((one) => one.log < FINE);
  const isSlow = wasSlow ? fine.length < needed : slow.length >= needed;
  const slowSinceMs = isSlow ? (before.slowSinceMs ?? slow[0]?.tMs ?? tMs) : undefined;

  const suspicious = isSlow || slow.length > window.length - needed;
  // Alone, whatever it takes is its own pace. Beside others only what does not look like their fault may count.
  const learns = kind === 'alone' ? !isSlow : !suspicious && relative < threshold;
  let baseline = learns ? learnSecond(before.baseline, bucket, log, kind) : before.baseline;
  const due = before.sinceLearned + 1 >= WINDOW && window.length === WINDOW;
  if (due && !suspicious) baseline = learnWindow(baseline, median(window.map((one) => one.log)));

  const detection: Detection = {
    baseline,
    history,
    slowSinceMs,
    sinceLearned: due ? 0 : before.sinceLearned + 1,
  };
  if (!isSlow) return {detection, slowness: undefined};
  return {
    detection,
    slowness: {
      ratio: rounded(Math.exp(median(window.map((one) => one.log)))),
      interTokenMs: rounded(model.interTokenMs),
      referenceMs: rounded(Math.exp(reference.log)),
      reference: reference.kind,
      streams: model.streams,
      threshold: rounded(Math.exp(threshold)),
    },
  };
}

/** A model that writes nothing is not slowed: what was found is over when its window has passed. */
function ended(before: Detection, tMs: number): Detection {
  const last = before.history.at(-1);
  if (before.slowSinceMs === undefined || (last && tMs - last.tMs <= WINDOW_MS)) return before;
  return {...before, slowSinceMs: undefined};
}

/** Whether a judged second counts as slow for the question of blame. */
export const isSlowSecond = ({log}: Judged, threshold: number): boolean => log >= 0.7 * Math.log(threshold);

/** The seconds that tell something about a neighbour: those in which it was not held back. */
export const secondsOf = ({history}: Detection, key: string): Judged[] =>
  history.filter(({cores}) => cores[key] !== HANDLED);
