import type {WatchEvent} from '../events.ts';
import type {Happening} from './happening.ts';

/** What people know of one thing, and how it is. */
interface Known {
  group: string;
  /** Nothing tells of its end. */
  lasting: boolean;
  /** What they were told last, and when: wall clock, ms since the epoch. */
  said: 'bad' | 'good';
  saidMs: number;
  /** How it is now. */
  now: 'bad' | 'good';
  /** What happened since and was not told: how often, and the last of it. */
  unsaid: number;
  last: WatchEvent | undefined;
}

/** What people know, by id. Plain JSON: it outlives the watch. */
export type Told = Readonly<Record<string, Known>>;

/** Something to be told now. */
export interface Telling {
  id: string;
  state: 'bad' | 'good';
  event: WatchEvent;
  /** How many times it happened before without being told. */
  repeats: number;
}

export interface Hearing {
  told: Told;
  tell: readonly Telling[];
}

/** So many things are remembered; of more, the oldest are forgotten. */
const MOST_KNOWN = 500;
/** A thing that has not come to its end by then is forgotten too. */
const LONGEST_KNOWN_MS = 30 * 86_400_000;

/**
 * Whether something that happened is told. What is bad is told at once, and within `repeatMs` not again, however often
 * it comes and goes; its end is told to those who believe that it is bad. Pure.
 */
export function hear(
  told: Told,
  happening: Happening,
  event: WatchEvent,
  {nowMs, repeatMs}: {nowMs: number; repeatMs: number},
): Hearing {
  if (happening.state === 'good') return hearEnd(told, happening.group, event);
  const {id, group, ends} = happening;
  const before = told[id];
  if (before && !isDue(before, nowMs, repeatMs)) {
    return {told: {...told, [id]: {...before, now: 'bad', unsaid: before.unsaid + 1, last: event}}, tell: []};
  }
  return {
    told: {...told, [id]: saidNow({group, lasting: !ends}, nowMs)},
    tell: [{id, state: 'bad', event, repeats: before?.unsaid ?? 0}],
  };
}

/** What was held back and is told now because it is bad still, and all that need not be remembered forgotten. Pure. */
export function catchUp(told: Told, {nowMs, repeatMs}: {nowMs: number; repeatMs: number}): Hearing {
  const tell: Telling[] = [];
  const kept = Object.entries(told).flatMap(([id, known]): [string, Known][] => {
    if (!isDue(known, nowMs, repeatMs)) return [[id, known]];
    if (known.now === 'bad' && known.last) {
      tell.push({id, state: 'bad', event: known.last, repeats: known.unsaid - 1});
      return [[id, saidNow(known, nowMs)]];
    }
    // Its end will be told to those who still wait for it.
    const awaited = known.said === 'bad' && !known.lasting && nowMs - known.saidMs < LONGEST_KNOWN_MS;
    return awaited ? [[id, known]] : [];
  });
  const unchanged =
    tell.length === 0 && kept.length === Object.keys(told).length && kept.length <= MOST_KNOWN;
  if (unchanged) return {told, tell};
  const newest = kept.toSorted(([, a], [, b]) => b.saidMs - a.saidMs).slice(0, MOST_KNOWN);
  return {told: Object.fromEntries(newest), tell};
}

/** Ids of what is bad now and was told. */
export const standing = (told: Told): string[] =>
  Object.entries(told).flatMap(([id, {now, said, lasting}]) =>
    now === 'bad' && said === 'bad' && !lasting ? [id] : [],
  );

const saidNow = ({group, lasting}: Pick<Known, 'group' | 'lasting'>, nowMs: number): Known => ({
  ...{group, lasting, said: 'bad', saidMs: nowMs, now: 'bad', unsaid: 0},
  last: undefined,
});

/** A clock that was set back makes nobody wait for it. */
const isDue = ({saidMs}: Known, nowMs: number, repeatMs: number): boolean =>
  nowMs - saidMs >= repeatMs || nowMs < saidMs;

function hearEnd(told: Told, group: string, event: WatchEvent): Hearing {
  const ended = Object.entries(told).filter(([, known]) => known.group === group && known.now === 'bad');
  if (ended.length === 0) return {told, tell: []};
  const changed = ended.map(([id, known]): [string, Known] => [id, {...known, now: 'good', said: 'good'}]);
  const [first] = ended.filter(([, {said}]) => said === 'bad');
  return {
    told: {...told, ...Object.fromEntries(changed)},
    tell: first ? [{id: first[0], state: 'good', event, repeats: 0}] : [],
  };
}
