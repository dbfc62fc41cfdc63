/** How long an answer takes at best on a card whose memory and arithmetic are the only limits. Never measured here. */
import {ms, type Duration} from '../../base/units.ts';
import type {ModelShape} from '../shape.ts';

export interface SpeedLimits {
  bandwidthBytesPerSecond: number;
  /** Operations a second at the precision of the linear layers, and of attention. */
  flops: {linear: number; attention: number};
}

export interface SpeedInput {
  shape: ModelShape;
  /** Bytes of weights that are read for every token. */
  weightBytes: number;
  kvBytesPerToken: number;
  promptTokens: number;
  answerTokens: number;
}

export interface PredictedSpeed {
  firstTokenMs: Duration;
  perTokenMs: Duration;
  totalMs: Duration;
}

/** Share of its rated operations that a card reaches while it reads a prompt. */
const PREFILL_EFFICIENCY = 0.5;
/** Kernel launches, sampling and the server, a token: measured less roofline, 2.3 to 2.8 ms on an RTX 4090. */
const BESIDE_ROOFLINE_MS = 2.5;
/** Time to a first token that no prompt length explains: measured 33 ms at 128 tokens. */
const FIRST_TOKEN_MS = 30;

/**
 * One request alone: each token reads all weights and the cache of what came before it; a prompt costs two
 * operations a parameter and token, and attention grows with its square.
 */
export function predictSpeed(input: SpeedInput, limits: SpeedLimits): PredictedSpeed {
  const {shape, promptTokens, answerTokens} = input;
  const embedding = shape.vocabulary * shape.hidden * (shape.tiedEmbeddings ? 1 : 2);
  const linear = 2 * ((shape.activeParameters ?? shape.parameters ?? 0) - embedding) * promptTokens;
  const width = shape.heads * (shape.keyLength + shape.valueLength);
  // Half of the square, because a token looks only backwards; scores and sums are two products.
  const attention = shape.layers * width * promptTokens ** 2;
  const prefill =
    linear / (limits.flops.linear * PREFILL_EFFICIENCY) +
    attention / (limits.flops.attention * PREFILL_EFFICIENCY);
  const held = promptTokens + answerTokens / 2;
  const read = input.weightBytes + held * input.kvBytesPerToken;
  const perTokenMs = (read / limits.bandwidthBytesPerSecond) * 1000 + BESIDE_ROOFLINE_MS;
  const firstTokenMs = prefill * 1000 + FIRST_TOKEN_MS;
  return {
    firstTokenMs: ms(firstTokenMs),
    perTokenMs: ms(perTokenMs),
    totalMs: ms(firstTokenMs + answerTokens * perTokenMs),
  };
}
