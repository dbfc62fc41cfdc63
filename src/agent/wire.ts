/**
 * What a client and an agent say to each other, one JSON object a line. The agent answers each question with any
 * number of progress lines and then a result or an error. The first question is `hello`.
 */
import {BerthError, type ExitCode} from '../base/errors.ts';
import type {ProgressEvent} from '../base/progress.ts';
import {inEveryLanguage, sayAgain, type Translated} from '../base/texts/index.ts';
import type {Duration} from '../base/units.ts';
import type {DeviceFacts, Reading} from '../card/index.ts';
import type {HubPlace, Model, OnDisk, Variant, WeightsMeasure, Weights} from '../models/index.ts';

interface OfModel {
  model: Model;
  variant: Variant;
}

/** What an agent is for. It gets no more of its host than that takes. */
export type Purpose =
  | {purpose: 'device'; card?: string}
  | {
      purpose: 'weights';
      folder: string;
      /** Settings and tokens of hubs. They travel here and not in the environment, which others can inspect. */
      env: Record<string, string>;
    };

/** What this client and its agents speak. Counted up when anything in this file changes its meaning. */
export const PROTOCOL = 1;

export interface Calls {
  /** An agent of another version says another protocol; the first ones said none. */
  hello: {input: Purpose; answer: {protocol?: number}};
  facts: {input: Record<string, never>; answer: DeviceFacts};
  read: {input: Record<string, never>; answer: Reading};
  find: {input: OfModel; answer: Weights | null};
  ensure: {input: OfModel; answer: Weights};
  look: {input: OfModel; answer: OnDisk};
  verify: {input: OfModel; answer: Weights | null};
  remove: {input: OfModel; answer: number};
  measure: {input: Weights; answer: WeightsMeasure};
  foresee: {input: OfModel; answer: WeightsMeasure | null};
  reachableHub: {input: {variant: Variant; deadline: Duration}; answer: HubPlace | null};
}
export type CallName = keyof Calls;

export interface Question<Name extends CallName = CallName> {
  id: number;
  call: Name;
  input: Calls[Name]['input'];
}

export type Answer =
  | {id: number; progress: Omit<ProgressEvent, 'say'> & {said: Translated}}
  | {id: number; result: unknown}
  | {id: number; error: WireError};

/** An error for people in every language, or the text of a bug. */
export type WireError =
  | {
      code: string;
      what: Translated;
      why?: Translated;
      try: readonly string[];
      exit: ExitCode;
      details: Readonly<Record<string, unknown>>;
      lastLines: readonly string[];
    }
  | {bug: string};

export function toWire(error: unknown): WireError {
  if (!(error instanceof BerthError))
    return {bug: error instanceof Error ? (error.stack ?? error.message) : String(error)};
  const {code, what, why, exit, details, lastLines} = error;
  return {
    code,
    what: inEveryLanguage(what),
    ...(why && {why: inEveryLanguage(why)}),
    try: error.try,
    exit,
    details,
    lastLines,
  };
}

export function fromWire(error: WireError): Error {
  if ('bug' in error) return new Error(`The agent on the host failed: ${error.bug}`);
  const {what, why, ...rest} = error;
  return new BerthError({...rest, what: sayAgain(what), ...(why && {why: sayAgain(why)})});
}

/** So often a client says that it is there, by an empty line. Milliseconds. */
export const AGENT_BEAT_MS = 5000;
/** An agent that hears nothing for so long has lost its client, and ends. Milliseconds. */
export const AGENT_SILENCE_MS = 30_000;

const DATES = new Set(['at', 'startedAt']);

/** Parses a line, its dates as Date. */
export function parseLine(line: string): unknown {
  return JSON.parse(line, (key, value: unknown) =>
    DATES.has(key) && typeof value === 'string' ? new Date(value) : value,
  );
}
