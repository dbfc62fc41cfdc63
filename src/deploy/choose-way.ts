import type {EngineName, EngineSettings, KvType, Place} from '../engines/index.ts';
import {chooseVariant, type Model, type Variant} from '../models/index.ts';
import type {Settings} from './config/settings.ts';
import {chooseOffer, profileDefaults} from './planning/profiles.ts';

/** How a model is to be run: what the settings say, and the profile's word where they say nothing. */
export interface Way {
  engine: EngineName;
  variant: Variant;
  /** What is fixed beside; undefined is left to the plan. */
  contextTokens?: number | undefined;
  sequences?: number | undefined;
  kvType?: KvType | undefined;
  quantization?: EngineSettings['quantization'] | undefined;
}

type Wanted = Pick<Settings, 'profile' | 'engine' | 'variant' | 'kv' | 'context' | 'concurrency'>;

/**
 * On a card in a container engine, variant and cache are the profile's (the same choice and defaults as `berth
 * plan`); without one it is the engine that needs nothing, and the plan looks for what fits. Throws
 * `unknown_variant`. Pure.
 */
export function chooseWay(
  model: Model,
  wanted: Wanted,
  {runtime, device}: Pick<Place, 'runtime' | 'device'>,
): Way {
  const named = wanted.variant === undefined ? undefined : chooseVariant(model, wanted.variant);
  const kind = runtime === 'docker' && wanted.engine !== 'embedded' ? device : 'cpu';
  const wish = {engine: wanted.engine, variant: wanted.variant, kvType: wanted.kv};
  const chosen = kind === 'gpu' ? chooseOffer(waysOf(model, named), wish, wanted.profile, kind) : undefined;
  const engine = chosen?.engine ?? wanted.engine ?? 'embedded';
  const defaults = profileDefaults(wanted.profile, kind, model.maxContextTokens);
  return {
    engine,
    variant: chosen?.file ?? named ?? firstFor(engine, model),
    contextTokens: wanted.context ?? defaults?.contextTokens,
    sequences: wanted.concurrency ?? defaults?.sequences,
    kvType: wanted.kv ?? chosen?.kvType,
    quantization: chosen?.quantization,
  };
}

interface CardWay {
  engine: EngineName;
  variant: string;
  /** How the engine keeps the weights. */
  weights: string;
  kvType: KvType;
  file: Variant;
  quantization?: EngineSettings['quantization'];
}

const GGUF_KV = ['f16', 'q8_0', 'q4_0'] as const;
const VLLM_KV = ['f16', 'q8_0'] as const;

/** The ways on a card. A variant that was named is taken as it is stored. */
const waysOf = (model: Model, named: Variant | undefined): CardWay[] =>
  model.variants.flatMap((file): CardWay[] => {
    const {name: variant} = file;
    if (file.format === 'gguf') {
      return GGUF_KV.map(
        (kvType) => ({engine: 'llama-cpp', variant, weights: variant, kvType, file}) as const,
      );
    }
    const weights = STORED_AS[variant.toLowerCase()] ?? variant;
    const stored = VLLM_KV.map((kvType) => ({engine: 'vllm', variant, weights, kvType, file}) as const);
    if (named || weights !== 'bf16') return stored;
    const made = {engine: 'vllm', variant, weights: 'fp8', file, quantization: 'fp8'} as const;
    return [...stored, ...VLLM_KV.map((kvType) => ({...made, kvType}))];
  });

/**
 * The catalogue's names in the words of the profiles. Qwen's own FP8 is not what `fp8` means there: others measured
 * its block-wise kernels at 80 tokens a second on a 4090 where weights quantised at load give 138.
 */
const STORED_AS: Partial<Record<string, string>> = {bf16: 'bf16', fp8: 'block-fp8', 'awq-4bit': 'w4a16'};

/** The first variant in a format that the engine loads, else the first. */
const firstFor = (engine: EngineName, model: Model): Variant =>
  model.variants.find(({format}) => (format === 'safetensors') === (engine === 'vllm')) ??
  chooseVariant(model, undefined);
