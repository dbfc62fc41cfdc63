import type {Offer} from './offers.ts';

/** What matters most: room for neighbours, answers a second, or answers' quality. */
export type Profile = 'headroom' | 'throughput' | 'quality';

export interface ProfileDefaults {
  contextTokens: number;
  sequences: number;
}

/** Where the person left them open, on a card. */
export const PROFILE_DEFAULTS: Record<Profile, ProfileDefaults> = {
  headroom: {contextTokens: 32_768, sequences: 1},
  throughput: {contextTokens: 32_768, sequences: 4},
  quality: {contextTokens: 32_768, sequences: 1},
};

interface Taste {
  engine: Offer['engine'];
  variant: string;
  kvType: Offer['kvType'];
}

/** On a card, the best first: DESIGN's profiles. */
const TASTES: Record<Profile, readonly Taste[]> = {
  headroom: [{engine: 'llama-cpp', variant: 'Q4_K_M', kvType: 'q8_0'}],
  throughput: [
    {engine: 'vllm', variant: 'fp8', kvType: 'fp8'},
    {engine: 'vllm', variant: 'w4a16', kvType: 'bf16'},
    {engine: 'vllm', variant: 'bf16', kvType: 'bf16'},
  ],
  quality: [{engine: 'vllm', variant: 'bf16', kvType: 'bf16'}],
};

/** What was asked for outright. */
export interface Wish {
  engine?: string | undefined;
  variant?: string | undefined;
  kvType?: string | undefined;
}

/** The offer that wish and profile choose; undefined when no offer is what was wished for. */
export function chooseOffer(
  offers: readonly Offer[],
  wish: Wish,
  profile: Profile,
  kind: 'cpu' | 'gpu',
): Offer | undefined {
  const wished = offers.filter(
    ({engine, variant, kvType}) =>
      (wish.engine === undefined || engine === wish.engine) &&
      (wish.variant === undefined || variant.toLowerCase() === wish.variant.toLowerCase()) &&
      (wish.kvType === undefined || kvType === wish.kvType),
  );
  const liked = (kind === 'gpu' ? TASTES[profile] : []).flatMap((taste) => wished.filter(matches(taste)));
  const near = TASTES[profile].flatMap(({engine, kvType}) =>
    wished.filter((offer) => offer.engine === engine && offer.kvType === kvType),
  );
  return liked[0] ?? (kind === 'gpu' ? near[0] : undefined) ?? wished[0];
}

const matches =
  ({engine, variant, kvType}: Taste) =>
  (offer: Offer): boolean =>
    offer.engine === engine && offer.variant === variant && offer.kvType === kvType;
