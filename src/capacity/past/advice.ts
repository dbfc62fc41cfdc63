import {bytes, mib, typedBytes, type Bytes} from '../../base/units.ts';
import type {Advice} from './schema.ts';

/** A budget keeps so much above the most that was seen: usage of an hour is no promise for the next. */
const RESERVE = {ratio: 1.15, bytes: mib(100)};
/** Less is not worth a deploy. */
const WORTH = {ratio: 0.1, bytes: mib(64)};
/** What was measured for less time, or without any request, says nothing about a peak. */
const ENOUGH_MS = 30 * 60_000;

export interface BudgetUse {
  model: string;
  budgetBytes: number;
  predictedPeakBytes: number;
  /** The most that the model used; undefined when it was never seen. */
  maxBytes: number | undefined;
  /** How long it was seen for. */
  measuredMs: number;
  requests: number;
}

/** What the budget should be. Never below the most that was used. Pure. */
export function adviseBudget(use: BudgetUse): Advice {
  const {model, budgetBytes, predictedPeakBytes, maxBytes, measuredMs, requests} = use;
  if (maxBytes !== undefined && maxBytes > budgetBytes) {
    const wanted = typedBytes(withReserve(maxBytes));
    return {
      kind: 'over-budget',
      overBytes: maxBytes - budgetBytes,
      command: `berth deploy --model ${model} --budget ${wanted}`,
    };
  }
  if (maxBytes === undefined || measuredMs < ENOUGH_MS || requests === 0)
    return {kind: 'too-little-seen', measuredMs, requests};
  const wanted = withReserve(maxBytes);
  const freedBytes = budgetBytes - wanted;
  if (freedBytes < Math.max(WORTH.bytes, budgetBytes * WORTH.ratio)) return {kind: 'fits'};
  // A deploy refuses a budget below its own prediction: a plan shows which context such a budget holds.
  const verb = wanted >= predictedPeakBytes ? 'berth deploy --model' : 'berth plan';
  return {
    kind: 'lower-budget',
    budgetBytes: wanted,
    freedBytes,
    command: `${verb} ${model} --budget ${typedBytes(wanted)}`,
  };
}

const withReserve = (maxBytes: number): Bytes =>
  bytes(Math.ceil(Math.max(maxBytes * RESERVE.ratio, maxBytes + RESERVE.bytes) / mib(1)) * mib(1));
