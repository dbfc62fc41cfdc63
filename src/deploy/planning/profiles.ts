/** What a profile means: one source for `berth plan` and `berth deploy`. */
import {z} from 'zod';
import type {EngineName, KvType} from '../../engines/index.ts';

/** What matters most: room for neighbours, answers a second, or answers' quality. */
export const profileSchema = z.enum(['headroom', 'throughput', 'quality']);
export type Profile = z.infer<typeof profileSchema>;

export interface ProfileDefaults {
  contextTokens: number;
  sequences: number;
}

/** Where the person left them open, on a card. */
const PROFILE_DEFAULTS: Record<Profile, ProfileDefaults> = {
  headroom: {contextTokens: 32_768, sequences: 1},
  throughput: {contextTokens: 32_768, sequences: 4},
  quality: {contextTokens: 32_768, sequences: 1},
};

/** The defaults on a card, within what the model can use. Without a card nothing is fixed: the plan looks for what fits. */
export function profileDefaults(
  profile: Profile,
  kind: 'cpu' | 'gpu',
  maxContextTokens: number,
): ProfileDefaults | undefined {
  if (kind === 'cpu') return undefined;
  const defaults = PROFILE_DEFAULTS[profile];
  return {...defaults, contextTokens: Math.min(defaults.contextTokens, maxContextTokens)};
}

/** Prompt tokens that an engine evaluates at once: they size its scratch space. */
export const batchTokensOf = (engine: EngineName): number => (engine === 'vllm' ? 2048 : 512);

/** The same size of an element has another name in each engine. */
type AnyKvType = KvType | 'bf16' | 'fp8';
const sameKv = (a: string, b: string): boolean => commonKv(a) === commonKv(b);
const commonKv = (name: string): string => ({bf16: 'f16', fp8: 'q8_0'})[name] ?? name;

interface Taste {
  engine: EngineName;
  /** How the engine keeps them. */
  weights: string;
  kvType: AnyKvType;
}

/** On a card, the best first: DESIGN's profiles. */
const TASTES: Record<Profile, readonly Taste[]> = {
  headroom: [{engine: 'llama-cpp', weights: 'Q4_K_M', kvType: 'q8_0'}],
  throughput: [
    {engine: 'vllm', weights: 'fp8', kvType: 'fp8'},
    {engine: 'vllm', weights: 'w4a16', kvType: 'bf16'},
    {engine: 'vllm', weights: 'bf16', kvType: 'bf16'},
  ],
  quality: [{engine: 'vllm', weights: 'bf16', kvType: 'bf16'}],
};

/** What was asked for outright. */
export interface Wish {
  engine?: string | undefined;
  variant?: string | undefined;
  kvType?: string | undefined;
}

/** A way to run a model, as far as profiles look at it. */
interface AnyWay extends Taste {
  /** What people call the weights. */
  variant: string;
}

/**
 * The way that wish and profile choose; undefined when none is what was wished for. A wish is kept to; of a taste
 * the engine matters most, then how the weights are kept, then the cache.
 */
export function chooseOffer<T extends AnyWay>(
  ways: readonly T[],
  wish: Wish,
  profile: Profile,
  kind: 'cpu' | 'gpu',
): T | undefined {
  const wished = ways.filter(
    ({engine, variant, kvType}) =>
      (wish.engine === undefined || engine === wish.engine) &&
      (wish.variant === undefined || variant.toLowerCase() === wish.variant.toLowerCase()) &&
      (wish.kvType === undefined || sameKv(kvType, wish.kvType)),
  );
  const tastes = kind === 'gpu' ? TASTES[profile] : [];
  const closest = [4, 3, 2, 1].flatMap((closeness) =>
    tastes.flatMap((taste) => wished.filter((way) => closenessTo(taste, way) === closeness)),
  );
  return closest[0] ?? wished[0];
}

function closenessTo(taste: Taste, way: AnyWay): number {
  if (way.engine !== taste.engine) return 0;
  return 1 + (way.weights === taste.weights ? 2 : 0) + (sameKv(way.kvType, taste.kvType) ? 1 : 0);
}
