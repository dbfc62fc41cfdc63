import {LEAST_CORES, suspects} from './blame.ts';
import {detect, type Slowness} from './detect.ts';
import {
  actedEvent,
  breachEvent,
  interferenceEvent,
  interferenceOverEvent,
  undoneEvent,
  type GuardEvent,
} from './events.ts';
import type {Neighbour, Observation} from './observation.ts';
import type {GuardPolicy} from './policy.ts';
import type {GuardState, Handled} from './state.ts';

/** What is to be done. `undo` takes back whatever was done to that neighbour. */
export type GuardOrder =
  | {order: 'lower' | 'pause' | 'stop'; key: string; name: string; why: string}
  | {order: 'undo'; key: string; name: string; why: string};

export interface Decision {
  state: GuardState;
  orders: readonly GuardOrder[];
  events: readonly GuardEvent[];
}

const LADDER = ['lower', 'pause', 'stop'] as const;
/** Longest step of the guard's clock: after a gap or a jump of the wall's clock, nothing has become older. */
const LONGEST_STEP_MS = 5000;
/** An offence is remembered for an hour of the guard's clock. */
const MEMORY_MS = 3_600_000;
/** The cool-down doubles at most so often. */
const DOUBLINGS = 5;
/** Who has not been seen for so long has ended. Of the guard's clock. */
const GONE_MS = 10_000;
/** A neighbour works again as it did when it was found out. */
const AS_BEFORE = 0.5;
/** A neighbour that uses less has come to rest. Cores. */
const RESTING_CORES = 0.1;

/**
 * One second of the guard: what it knows now, what is to be done, and what happened. Pure: the same seconds lead to
 * the same decisions.
 */
export function decide(before: GuardState, observation: Observation, policy: GuardPolicy): Decision {
  const state = tick(before, observation);
  if (policy.mode === 'off') return letAllGo(state, 'the guard is switched off');

  const handled = new Set(Object.keys(state.handled));
  const quick = observation.neighbours.some((one) => isAtItAgain(state, one) && !handled.has(one.key));
  const {detection, slowness} = detect(state.detection, observation, state.clockMs, {
    slowdown: policy.slowdown,
    quick,
    handled,
  });
  const wasSlow = before.detection.slowSinceMs !== undefined;
  let decision: Decision = {state: {...state, detection}, orders: [], events: []};
  decision = dropGone(decision, observation);
  decision = handleBreaches(decision, observation, policy);
  if (slowness) decision = handleSlowness(decision, observation, policy, slowness);
  else if (wasSlow && detection.slowSinceMs === undefined) decision = over(decision, observation);
  return undoWhatHelped(decision, observation, policy, slowness !== undefined);
}

function tick(before: GuardState, {atMs, model}: Observation): GuardState {
  const step = before.lastAtMs === undefined ? 0 : atMs - before.lastAtMs;
  const clockMs = before.clockMs + (step > 0 && step <= LONGEST_STEP_MS ? step : 0);
  const idle = model === undefined || model.streams === 0;
  return {
    ...before,
    clockMs,
    lastAtMs: atMs,
    idleSinceMs: idle ? (before.idleSinceMs ?? clockMs) : undefined,
    offences: keep(before.offences, (offence) => clockMs - offence.lastMs <= MEMORY_MS),
    told: keep(before.told, (toldMs) => clockMs - toldMs <= MEMORY_MS),
  };
}

const keep = <T>(
  of: Readonly<Record<string, T>>,
  holds: (value: T) => boolean,
): Readonly<Record<string, T>> =>
  Object.values(of).every(holds)
    ? of
    : Object.fromEntries(Object.entries(of).filter(([, value]) => holds(value)));

const without = <T>(of: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(of).filter(([other]) => other !== key));

const isAtItAgain = ({offences}: GuardState, {key, cores}: Neighbour): boolean => {
  const offence = offences[key];
  return offence !== undefined && cores >= AS_BEFORE * offence.cores;
};

const isNewcomer = ({sinceMs}: Neighbour, {atMs}: Observation, {probation}: GuardPolicy): boolean =>
  sinceMs !== undefined && atMs - sinceMs <= probation;

/** Why a neighbour may not be touched; undefined when it may. */
function protectedBy({kind}: Neighbour, {mode, outsiders}: GuardPolicy): string | undefined {
  if (mode !== 'act') return 'the guard only watches';
  if (kind === 'outsider' && outsiders !== 'act') return 'it has no lease, and guard.outsiders is "watch"';
  return undefined;
}

/** Forgets who has ended. A watch that has just begun does not know everybody yet, so that takes a while. */
function dropGone(decision: Decision, {neighbours}: Observation): Decision {
  return Object.values(decision.state.handled).reduce((sofar, one): Decision => {
    const {state} = sofar;
    const here = neighbours.some(({key}) => key === one.key);
    const goneSinceMs = here ? undefined : (one.goneSinceMs ?? state.clockMs);
    if (goneSinceMs === undefined || state.clockMs - goneSinceMs < GONE_MS) {
      return goneSinceMs === one.goneSinceMs ? sofar : withHandled(sofar, {...one, goneSinceMs});
    }
    const why = 'it has ended';
    return {
      state: {...state, handled: without(state.handled, one.key)},
      orders: [...sofar.orders, {order: 'undo', key: one.key, name: one.name, why}],
      events: [...sofar.events, undoneEvent(state, one, why)],
    };
  }, decision);
}

function handleBreaches(decision: Decision, observation: Observation, policy: GuardPolicy): Decision {
  return observation.breaches.reduce((sofar, breach): Decision => {
    const neighbour = observation.neighbours.find(({key}) => key === breach.key);
    if (!neighbour || policy.breach === 'watch' || protectedBy(neighbour, policy)) return sofar;
    const already = sofar.state.handled[breach.key];
    if (already && already.action !== 'lower') return sofar;
    return act(sofar, neighbour, policy.breach, 'breach', (handled) =>
      breachEvent(sofar.state, handled, breach),
    );
  }, decision);
}

function handleSlowness(
  decision: Decision,
  observation: Observation,
  policy: GuardPolicy,
  slowness: Slowness,
): Decision {
  const {state} = decision;
  const free = observation.neighbours.filter(({key}) => state.handled[key] === undefined);
  const [first] = suspects(state.detection, slowness, free, (one) => isNewcomer(one, observation, policy));
  if (!first) return stronger(decision, observation, policy, slowness);
  const {neighbour} = first;
  const shield = protectedBy(neighbour, policy);
  const [step] = ladderOf(policy);
  const noticed: Decision = {
    ...decision,
    state: {
      ...state,
      told: {...state.told, [neighbour.key]: state.clockMs},
    },
    events:
      state.told[neighbour.key] === undefined
        ? [...decision.events, interferenceEvent(state, first, slowness, shield)]
        : decision.events,
  };
  if (shield !== undefined || step === undefined) return noticed;
  return act(noticed, neighbour, step, 'interference', (handled) =>
    actedEvent(state, handled, first, slowness),
  );
}

/** What is done to a neighbour itself, the mildest first. */
const ladderOf = ({actions}: GuardPolicy): Handled['action'][] =>
  LADDER.filter((action) => actions.includes(action));

/** The model is slow although somebody is held back already: after the dwell, the next stronger action. */
function stronger(
  decision: Decision,
  observation: Observation,
  policy: GuardPolicy,
  slowness: Slowness,
): Decision {
  const {state} = decision;
  const ladder = ladderOf(policy);
  const held = Object.values(state.handled).filter(({because}) => because === 'interference');
  return held.reduce((sofar, one): Decision => {
    const neighbour = observation.neighbours.find(({key}) => key === one.key);
    const next = ladder[ladder.indexOf(one.action) + 1];
    if (!neighbour || next === undefined || protectedBy(neighbour, policy)) return sofar;
    const dwellMs = isNewcomer(neighbour, observation, policy) ? policy.dwell / 2 : policy.dwell;
    if (state.clockMs - one.sinceMs < dwellMs || neighbour.cores < LEAST_CORES) return sofar;
    return act(sofar, neighbour, next, 'interference', (handled) =>
      actedEvent(state, handled, undefined, slowness),
    );
  }, decision);
}

function act(
  {state, orders, events}: Decision,
  {key, name, cores}: Neighbour,
  action: Handled['action'],
  because: Handled['because'],
  eventOf: (handled: Handled) => GuardEvent,
): Decision {
  const before = state.handled[key];
  const handled: Handled = {
    key,
    name,
    action,
    because,
    sinceMs: state.clockMs,
    wellSinceMs: undefined,
    goneSinceMs: undefined,
    cores: Math.max(cores, before?.cores ?? 0),
  };
  const event = eventOf(handled);
  const offence = state.offences[key];
  return {
    state: {
      ...state,
      handled: {...state.handled, [key]: handled},
      offences: {
        ...state.offences,
        // A stronger action against the same thing is no relapse.
        [key]: {times: (offence?.times ?? 0) + (before ? 0 : 1), lastMs: state.clockMs, cores: handled.cores},
      },
    },
    orders: [...orders, {order: action, key, name, why: event.text}],
    events: [...events, event],
  };
}

function over({state, orders, events}: Decision, {model}: Observation): Decision {
  const anyTold = Object.keys(state.told).length > 0;
  const next = {...state, told: {}};
  return {state: next, orders, events: anyTold ? [...events, interferenceOverEvent(state, model)] : events};
}

/** Takes back what nothing speaks for any more, once it has been so for the cool-down. */
function undoWhatHelped(
  decision: Decision,
  observation: Observation,
  policy: GuardPolicy,
  slow: boolean,
): Decision {
  return Object.values(decision.state.handled).reduce((sofar, one): Decision => {
    const {state} = sofar;
    const reason = reasonToLetGo(state, one, observation, policy, slow);
    if (reason === undefined) {
      return one.wellSinceMs === undefined ? sofar : withHandled(sofar, {...one, wellSinceMs: undefined});
    }
    const wellSinceMs = one.wellSinceMs ?? state.clockMs;
    if (state.clockMs - wellSinceMs < reason.afterMs) return withHandled(sofar, {...one, wellSinceMs});
    return {
      state: {...state, handled: without(state.handled, one.key)},
      orders: [...sofar.orders, {order: 'undo', key: one.key, name: one.name, why: reason.why}],
      events: [...sofar.events, undoneEvent(state, one, reason.why)],
    };
  }, decision);
}

const withHandled = (decision: Decision, one: Handled): Decision => ({
  ...decision,
  state: {...decision.state, handled: {...decision.state.handled, [one.key]: one}},
});

function reasonToLetGo(
  state: GuardState,
  one: Handled,
  {breaches, neighbours}: Observation,
  policy: GuardPolicy,
  slow: boolean,
): {why: string; afterMs: number} | undefined {
  const neighbour = neighbours.find(({key}) => key === one.key);
  // Who is not seen may be there all the same: that is decided by `dropGone`.
  if (!neighbour) return undefined;
  const shield = protectedBy(neighbour, policy);
  if (shield !== undefined) return {why: shield, afterMs: 0};
  // What was stopped does not come back by itself: it is forgotten when it is gone.
  if (one.action === 'stop') return undefined;
  if (one.because === 'breach') {
    if (policy.breach === 'watch') return {why: 'guard.breach is "watch"', afterMs: 0};
    return breaches.some(({key}) => key === one.key)
      ? undefined
      : {why: 'it is within its lease again', afterMs: 0};
  }
  if (!policy.actions.includes(one.action))
    return {why: `guard.actions no longer has "${one.action}"`, afterMs: 0};
  const {coolDown} = policy;
  if (state.idleSinceMs !== undefined) return {why: 'the model has nothing to do', afterMs: coolDown};
  if (slow) return undefined;
  // Held down, its own load still shows; paused it shows none, so it is tried again, later each time.
  if (one.action === 'lower') {
    return neighbour.cores < RESTING_CORES ? {why: 'it has come to rest', afterMs: coolDown} : undefined;
  }
  const times = state.offences[one.key]?.times ?? 1;
  const afterMs = coolDown * 2 ** Math.min(DOUBLINGS, times - 1);
  return {why: 'the model has been well for long enough to try', afterMs};
}

function letAllGo(state: GuardState, why: string): Decision {
  const all = Object.values(state.handled);
  return {
    state: {...state, handled: {}},
    orders: all.map(({key, name}) => ({order: 'undo', key, name, why})),
    events: all.map((one) => undoneEvent(state, one, why)),
  };
}
