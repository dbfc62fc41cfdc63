/** What can be planned before any of a model is here: the catalogue's sizes with the known shapes. */
import {CATALOGUE, fullName} from './catalogue.ts';
import type {VllmWeights} from './estimate/vllm.ts';
import {weightsOfFile, type WeightsFacts} from './estimate/weights.ts';
import type {Model} from './model.ts';
import type {ModelShape} from './shape.ts';
import {KNOWN_SHAPES} from './shapes/known.ts';

/** A figure of what a quantisation does to answers, never Berth's own. */
export interface AnswerQuality {
  measure: 'MMLU-Pro';
  percent: number;
  source: string;
}

export interface GgufVariant {
  name: string;
  weights: WeightsFacts;
  /** By element type of the KV cache. */
  quality: Partial<Record<'f16' | 'q8_0' | 'q4_0', AnswerQuality>>;
}

export interface Plannable {
  id: string;
  shape: ModelShape;
  maxContextTokens: number;
  /** For the llama.cpp family. */
  ggufs: readonly GgufVariant[];
  /** How vLLM can keep the weights; none where only a GGUF is there. */
  vllm: readonly {weights: VllmWeights; quality?: AnswerQuality}[];
  /** A model of the catalogue to take where this one is too large. */
  smaller?: string;
}

type KnownId = keyof typeof KNOWN_SHAPES;

const THIRD_PARTY = 'a third party, 4-bit weights, by KV type';
const mmluPro = (percent: number, source: string): AnswerQuality => ({measure: 'MMLU-Pro', percent, source});

/** By model and variant. */
const QUALITY: Partial<Record<string, GgufVariant['quality']>> = {
  'qwen3-4b-instruct-2507 Q4_K_M': {
    f16: mmluPro(66.5, THIRD_PARTY),
    q8_0: mmluPro(66.3, THIRD_PARTY),
    q4_0: mmluPro(63.7, THIRD_PARTY),
  },
};

/** vLLM makes 8-bit weights by itself from what was published; 4-bit ones somebody must have made. */
const VLLM: Record<KnownId, Plannable['vllm']> = {
  'qwen3-4b-instruct-2507': [
    {weights: 'bf16', quality: mmluPro(69.6, 'model card of Qwen/Qwen3-4B-Instruct-2507')},
    {weights: 'fp8'},
    {weights: 'w4a16'},
  ],
  'llama-3-8b-instruct': [{weights: 'bf16'}, {weights: 'fp8'}],
  'deepseek-v2-lite-chat': [{weights: 'bf16'}, {weights: 'fp8'}],
  'deepseek-v2-chat': [{weights: 'bf16'}, {weights: 'fp8'}],
};

/**
 * Of DeepSeek-V2-Chat the catalogue has no GGUF, because none fits what it is for. The smallest that is of any
 * use takes about 2.9 bits a weight: the arithmetic of the refusal.
 */
const SMALLEST_DEEPSEEK_V2 = {name: 'Q2_K', fileBytes: 86_000_000_000};

/** The model of this id or alias, if it can be planned before anything of it is here. */
export function findPlannable(name: string): Plannable | undefined {
  const model = CATALOGUE.find(({id}) => id === fullName(name));
  if (!model || !(model.id in KNOWN_SHAPES)) return undefined;
  const id = model.id as KnownId;
  const shape: ModelShape = KNOWN_SHAPES[id];
  const known = id === 'deepseek-v2-chat' ? [...ggufFiles(model), SMALLEST_DEEPSEEK_V2] : ggufFiles(model);
  return {
    id,
    shape,
    maxContextTokens: Math.min(model.maxContextTokens, shape.maxContextTokens ?? Infinity),
    ggufs: known.map((file) => ({
      name: file.name,
      weights: weightsOfFile(shape, file.fileBytes),
      quality: QUALITY[`${id} ${file.name}`] ?? {},
    })),
    vllm: VLLM[id],
    ...(model.smaller !== undefined && {smaller: model.smaller}),
  };
}

/** The GGUF variants whose size is known. */
const ggufFiles = ({variants}: Model): {name: string; fileBytes: number}[] =>
  variants.flatMap(({name, format, file}) => {
    const size = file.from === 'hub' && format === 'gguf' ? file.files?.[0]?.totalBytes : undefined;
    return size === undefined ? [] : [{name, fileBytes: size}];
  });
