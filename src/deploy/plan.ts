import {BerthError, ExitCode} from '../base/errors.ts';
import {bytes, formatBytes, mib, type Bytes} from '../base/units.ts';
import type {Reading} from '../card/index.ts';
import type {EngineSettings, KvType} from '../engines/index.ts';
import type {MemoryEstimate} from '../models/index.ts';
import {waysOut} from './ways-out.ts';

/** Left alone beyond what the model is predicted to take: what prediction and neighbours may be off by. */
export const SAFETY = mib(256);

/** Tried in this order where the person left context and concurrency open: the first that fits is taken. */
const PREFERENCES: readonly {contextTokens: number; sequences: number}[] = [
  {contextTokens: 8192, sequences: 4},
  {contextTokens: 8192, sequences: 2},
  {contextTokens: 4096, sequences: 2},
  {contextTokens: 4096, sequences: 1},
  {contextTokens: 2048, sequences: 1},
];

/** What the person set; the plan fills in the rest. */
export interface Asked {
  contextTokens?: number | undefined;
  sequences?: number | undefined;
  kvType?: KvType | undefined;
  threads?: number | undefined;
  budgetBytes?: number | undefined;
  /** What the engine is to make of the weights while it loads them. */
  quantization?: EngineSettings['quantization'] | undefined;
}

export interface PlanInput {
  model: {id: string; maxContextTokens: number};
  asked: Asked;
  /** Prompt tokens evaluated at once. */
  batchTokens: number;
  /** Predicts the peak for settings; pure. */
  estimate: (settings: EngineSettings) => MemoryEstimate;
  reading: Pick<Reading, 'totalBytes' | 'freeBytes' | 'usedBytes' | 'reservedBytes'>;
  /** What the deployment's present engine holds and would give back. */
  presentBytes: Bytes;
  /** What Berth's own programs may still take of the device, beside the model. */
  programsBytes: Bytes;
  /** What leases were promised of the device and do not use yet: free now, and not for a model. */
  leasesBytes: Bytes;
  /** `swap` never lets two copies stand side by side, also where both would fit. */
  update: 'auto' | 'swap';
  /** What was typed, for the ways out: `berth deploy` unless told. */
  command?: string;
  /** Says why nothing fits, where more is known of other ways than here; `smallest` was tried last. */
  refuse?: (smallest: EngineSettings) => BerthError;
}

export interface Plan {
  settings: EngineSettings;
  estimate: MemoryEstimate;
  /** The bytes the model may use. */
  budgetBytes: Bytes;
  ladder: Ladder;
}

/**
 * `fresh`: nothing runs yet. `side-by-side`: old and new fit together. `swap`: the old one must go
 * first, while requests wait at the gateway.
 */
export type Ladder = 'fresh' | 'side-by-side' | 'swap';

/** Chooses settings, budget and ladder from what was asked and what is free. Throws `does_not_fit` with the sum. */
export function makePlan(input: PlanInput): Plan {
  checkAsked(input);
  const candidates = settingsToTry(input);
  for (const settings of candidates) {
    const estimate = input.estimate(settings);
    if (fits(input, estimate)) return complete(input, settings, estimate);
  }
  const smallest = candidates.at(-1);
  if (!smallest) throw new Error('no settings to try');
  throw input.refuse?.(smallest) ?? doesNotFit(input, smallest);
}

function settingsToTry({model, asked, batchTokens}: PlanInput): EngineSettings[] {
  const tried = PREFERENCES.map((preference) => ({
    contextTokens: asked.contextTokens ?? Math.min(preference.contextTokens, model.maxContextTokens),
    sequences: asked.sequences ?? preference.sequences,
    kvType: asked.kvType ?? 'f16',
    batchTokens,
    queue: 64,
    ...(asked.threads !== undefined && {threads: asked.threads}),
    ...(asked.quantization !== undefined && {quantization: asked.quantization}),
  }));
  return tried.filter((settings, index) => index === tried.findIndex((other) => equal(settings, other)));
}

const equal = (a: EngineSettings, b: EngineSettings): boolean =>
  a.contextTokens === b.contextTokens && a.sequences === b.sequences;

const fits = (input: PlanInput, estimate: MemoryEstimate): boolean =>
  estimate.totalBytes <= availableFor(input);

type RoomInput = Pick<PlanInput, 'asked' | 'reading' | 'presentBytes' | 'programsBytes' | 'leasesBytes'>;

/** The most that an engine may be predicted to take: what can be had, or the budget if that is less. */
export function availableFor({asked, reading, presentBytes, programsBytes, leasesBytes}: RoomInput): Bytes {
  const free = reading.freeBytes + presentBytes - programsBytes - leasesBytes - SAFETY;
  return bytes(Math.min(free, asked.budgetBytes ?? Infinity));
}

function complete(input: PlanInput, settings: EngineSettings, estimate: MemoryEstimate): Plan {
  const margin = Math.max(estimate.totalBytes * 0.1, SAFETY);
  // A budget is a promise that can be kept: no more than there is.
  const most = availableFor({...input, asked: {}}) + SAFETY;
  return {
    settings,
    estimate,
    budgetBytes: bytes(input.asked.budgetBytes ?? Math.min(estimate.totalBytes + margin, most)),
    ladder: chooseLadder(
      input.presentBytes,
      estimate.totalBytes + input.programsBytes + input.leasesBytes,
      input.reading.freeBytes,
      input.update,
    ),
  };
}

export function chooseLadder(
  presentBytes: number,
  neededBytes: number,
  freeBytes: number,
  update: PlanInput['update'],
): Ladder {
  if (presentBytes === 0) return 'fresh';
  return update === 'auto' && neededBytes + SAFETY <= freeBytes ? 'side-by-side' : 'swap';
}

function checkAsked({model, asked, command = 'berth deploy'}: PlanInput): void {
  if (asked.contextTokens !== undefined && asked.contextTokens > model.maxContextTokens) {
    const asks = {asked: asked.contextTokens, max: model.maxContextTokens, model: model.id};
    throw new BerthError({
      code: 'context_too_long',
      what: (t) => t.deploy.contextTooLong(asks),
      try: [`${command} --context ${model.maxContextTokens}`],
      exit: ExitCode.usage,
      details: asks,
    });
  }
}

function doesNotFit(input: PlanInput, settings: EngineSettings): BerthError {
  const {asked, reading, presentBytes, programsBytes, leasesBytes} = input;
  const estimate = input.estimate(settings);
  const ceiling = asked.budgetBytes ?? Infinity;
  const overBudget = estimate.totalBytes > ceiling;
  const availableBytes = overBudget ? ceiling : availableFor({...input, asked: {}});
  const missingBytes = estimate.totalBytes - availableBytes;
  const terms = estimate.terms.map((term) => `${term.name} ${formatBytes(term.totalBytes)}`).join(' + ');
  return new BerthError({
    code: 'does_not_fit',
    what: (t) =>
      t.deploy.doesNotFit({
        model: input.model.id,
        needed: formatBytes(estimate.totalBytes),
        available: formatBytes(availableBytes),
        missing: formatBytes(missingBytes),
        overBudget,
      }),
    why: (t) =>
      t.deploy.doesNotFitSum({
        terms,
        context: settings.contextTokens,
        sequences: settings.sequences,
        free: formatBytes(reading.freeBytes),
        present: formatBytes(presentBytes),
        programs: formatBytes(programsBytes),
        leases: formatBytes(leasesBytes),
        safety: formatBytes(SAFETY),
      }),
    try: waysOut(asked),
    exit: ExitCode.doesNotFit,
    details: {
      neededBytes: estimate.totalBytes,
      availableBytes: bytes(availableBytes),
      missingBytes: bytes(missingBytes),
      terms: estimate.terms,
      freeBytes: reading.freeBytes,
      presentBytes,
      programsBytes,
      leasesBytes,
      safetyBytes: SAFETY,
    },
  });
}
