import type {KnownCard} from '../../card/index.ts';
import {predictSpeed, type ModelShape, type PredictedSpeed} from '../../models/index.ts';
import type {Offer} from './offers.ts';

export interface Workload {
  name: 'qa' | 'summary' | 'code';
  promptTokens: number;
  answerTokens: number;
}

/** The three that the article measured, and what it claims for Qwen3-4B-Instruct-2507 on one RTX 4090D. */
export const WORKLOADS: readonly (Workload & {claim: {seconds: number; gigabytes: number}})[] = [
  {name: 'qa', promptTokens: 50, answerTokens: 100, claim: {seconds: 1.2, gigabytes: 14.8}},
  {name: 'summary', promptTokens: 8192, answerTokens: 300, claim: {seconds: 3.8, gigabytes: 15.2}},
  {name: 'code', promptTokens: 120, answerTokens: 200, claim: {seconds: 1.6, gigabytes: 14.9}},
];

const CLAIMED_MODEL = 'qwen3-4b-instruct-2507';
const CLAIMED_CARD = '4090d';

/** Whether the article's claims are about this model on this card. */
export const claimsApply = (modelId: string, card: KnownCard | undefined): boolean =>
  modelId === CLAIMED_MODEL && card?.id === CLAIMED_CARD;

/** How long one request takes on a card that is known; undefined on others, whose limits nobody has told. */
export function speedOf(
  offer: Offer,
  shape: ModelShape,
  {promptTokens, answerTokens}: Pick<Workload, 'promptTokens' | 'answerTokens'>,
  card: KnownCard | undefined,
): PredictedSpeed | undefined {
  if (!card) return undefined;
  const {bf16, fp8 = bf16} = card.flops;
  return predictSpeed(
    {
      shape,
      weightBytes: offer.weightBytes,
      kvBytesPerToken: offer.kvBytesPerToken,
      promptTokens,
      answerTokens,
    },
    {
      bandwidthBytesPerSecond: card.bandwidthBytesPerSecond,
      flops: {linear: offer.arithmetic === 'fp8' ? fp8 : bf16, attention: bf16},
    },
  );
}
