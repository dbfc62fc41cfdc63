import {formatBytes} from '../../base/units.ts';
import type {Suspect} from './blame.ts';
import type {Slowness} from './detect.ts';
import type {Breach, ModelLoad} from './observation.ts';
import type {GuardState, Handled} from './state.ts';
import {rounded} from './numbers.ts';

/** Something that happened, with the numbers that it was decided on. */
export interface GuardEvent {
  kind: 'interference' | 'interference-over' | 'guard-action' | 'guard-undone';
  /** Key of the neighbour. */
  tenant?: string;
  /** A plain English sentence. */
  text: string;
  numbers: Readonly<Record<string, number | string>>;
}

/** Past tense of an action, in an event's sentence. */
const DONE: Record<Handled['action'], string> = {
  lower: 'was lowered',
  pause: 'was paused',
  stop: 'is stopped',
};

const slownessNumbers = (slowness: Slowness): GuardEvent['numbers'] => ({
  ratio: slowness.ratio,
  interTokenMs: slowness.interTokenMs,
  referenceMs: slowness.referenceMs,
  reference: slowness.reference,
  streams: slowness.streams,
  threshold: slowness.threshold,
});

const evidenceNumbers = ({evidence}: Suspect): GuardEvent['numbers'] => ({
  cores: evidence.cores,
  slowWhileBusy: evidence.slowWhileBusy,
  busySeconds: evidence.busySeconds,
  ...(evidence.slowWhileIdle !== undefined && {slowWhileIdle: evidence.slowWhileIdle}),
  idleSeconds: evidence.idleSeconds,
  lift: evidence.lift,
  newcomer: evidence.newcomer ? 'yes' : 'no',
});

const slowBy = ({ratio, interTokenMs, referenceMs, reference}: Slowness): string =>
  `${interTokenMs} ms a token, ${ratio} times ${reference === 'alone' ? 'its own time alone' : 'its usual time'} (${referenceMs} ms)`;

export const interferenceEvent = (
  {clockMs, detection}: GuardState,
  suspect: Suspect,
  slowness: Slowness,
  shield: string | undefined,
): GuardEvent => ({
  kind: 'interference',
  tenant: suspect.neighbour.key,
  text:
    `${suspect.neighbour.name} slows the model: ${slowBy(slowness)}; it uses ${suspect.evidence.cores} cores` +
    (shield === undefined ? '.' : `. It is left alone: ${shield}.`),
  numbers: {
    name: suspect.neighbour.name,
    ...slownessNumbers(slowness),
    ...evidenceNumbers(suspect),
    slowForMs: clockMs - (detection.slowSinceMs ?? clockMs),
    ...(shield !== undefined && {leftAlone: shield}),
  },
});

export const interferenceOverEvent = (
  {clockMs, detection}: GuardState,
  model: ModelLoad | undefined,
): GuardEvent => {
  const lastMs = detection.history.at(-1)?.tMs ?? clockMs;
  return {
    kind: 'interference-over',
    text:
      model?.interTokenMs === undefined
        ? 'The model is no longer asked, so nobody slows it.'
        : `The model is at its own pace again: ${rounded(model.interTokenMs)} ms a token.`,
    numbers: {
      ...(model?.interTokenMs !== undefined && {interTokenMs: rounded(model.interTokenMs)}),
      lastJudgedAgoMs: clockMs - lastMs,
    },
  };
};

export const actedEvent = (
  {offences}: GuardState,
  {key, name, action}: Handled,
  suspect: Suspect | undefined,
  slowness: Slowness,
): GuardEvent => ({
  kind: 'guard-action',
  tenant: key,
  text: `${name} ${DONE[action]}: the model took ${slowBy(slowness)}.`,
  numbers: {
    action,
    because: 'interference',
    offence: (offences[key]?.times ?? 0) + 1,
    ...slownessNumbers(slowness),
    ...(suspect && evidenceNumbers(suspect)),
  },
});

export const breachEvent = (
  {offences}: GuardState,
  {key, name, action}: Handled,
  {usedBytes, leasedBytes}: Breach,
): GuardEvent => ({
  kind: 'guard-action',
  tenant: key,
  text: `${name} ${DONE[action]}: it holds ${formatBytes(usedBytes)} and its lease is for ${formatBytes(leasedBytes)}.`,
  numbers: {action, because: 'breach', offence: (offences[key]?.times ?? 0) + 1, usedBytes, leasedBytes},
});

export const undoneEvent = (
  {clockMs}: GuardState,
  {key, name, action, sinceMs}: Handled,
  why: string,
): GuardEvent => ({
  kind: 'guard-undone',
  tenant: key,
  text: action === 'stop' ? `${name} has ended.` : `${name} goes on as before: ${why}.`,
  numbers: {action, why, forMs: clockMs - sinceMs},
});
