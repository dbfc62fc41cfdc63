/** The ways in which a model can be run on a device: engine x variant x KV type. Pure. */
import type {EngineName, KvType} from '../../engines/index.ts';
import {
  estimateLlamaCpp,
  estimateVllm,
  kvBytesPerToken,
  vllmKvBytesPerToken,
  vllmWeightBytes,
  type AnswerQuality,
  type GgufVariant,
  type MemoryEstimate,
  type ModelShape,
  type Plannable,
  type VllmKvType,
  type VllmWeights,
} from '../../models/index.ts';

import {llamaCppPlace} from '../estimator.ts';
import {batchTokensOf} from './profiles.ts';

export type PlanKvType = KvType | VllmKvType;

/** `kv-below-8-bits`: only behind a needle or perplexity check. `kv-8-bits`: costs a little on long documents. */
export type OfferWarning = 'kv-below-8-bits' | 'kv-8-bits';

export interface Offer {
  engine: EngineName;
  /** `Q4_K_M`; for vLLM how the weights are kept. */
  variant: string;
  /** How the engine keeps the weights: what profiles look at. */
  weights: string;
  kvType: PlanKvType;
  estimate(contextTokens: number, sequences: number): MemoryEstimate;
  /** Read for every token, at most. */
  weightBytes: number;
  kvBytesPerToken: number;
  /** Precision of the linear layers' arithmetic. */
  arithmetic: 'bf16' | 'fp8';
  quality?: AnswerQuality;
  warnings: readonly OfferWarning[];
}

const GGUF_KV = ['f16', 'q8_0', 'q4_0'] as const;

/** Which engines a device offers. Without a GPU there is Berth's own; llama-server is planned where it is asked for. */
export interface OfferScope {
  kind: 'cpu' | 'gpu';
  engine?: EngineName | undefined;
}

export function offersOf(model: Plannable, {kind, engine}: OfferScope): Offer[] {
  const ggufEngines: EngineName[] =
    engine === undefined ? [kind === 'cpu' ? 'embedded' : 'llama-cpp'] : ggufEngine(engine, kind);
  const ggufs = ggufEngines.flatMap((name) =>
    model.ggufs.flatMap((variant) => GGUF_KV.map((kv) => ggufOffer(model.shape, variant, name, kv, kind))),
  );
  const vllm = kind === 'gpu' && (engine === undefined || engine === 'vllm') ? vllmOffers(model) : [];
  return [...ggufs, ...vllm];
}

/** Of the engines that read GGUF: the embedded one computes on the CPU only. */
const ggufEngine = (engine: EngineName, kind: OfferScope['kind']): EngineName[] =>
  engine === 'vllm' || (engine === 'embedded' && kind === 'gpu') ? [] : [engine];

const WARNINGS: Partial<Record<PlanKvType, readonly OfferWarning[]>> = {
  q8_0: ['kv-8-bits'],
  fp8: ['kv-8-bits'],
  q4_0: ['kv-below-8-bits'],
};

function ggufOffer(
  shape: ModelShape,
  {name, weights, quality}: GgufVariant,
  engine: EngineName,
  kvType: KvType,
  kind: OfferScope['kind'],
): Offer {
  const {tensorBytes, embeddingBytes} = weights;
  const figure = quality[kvType];
  return {
    engine,
    variant: name,
    weights: name,
    kvType,
    estimate: (contextTokens, sequences) =>
      estimateLlamaCpp(
        shape,
        weights,
        {contextTokens, sequences, kvType, batchTokens: batchTokensOf(engine)},
        llamaCppPlace(engine, kind),
      ),
    weightBytes: (shape.tiedEmbeddings ? tensorBytes : tensorBytes - embeddingBytes) * activeShare(shape),
    kvBytesPerToken: kvBytesPerToken(shape, kvType),
    arithmetic: 'bf16',
    ...(figure && {quality: figure}),
    warnings: WARNINGS[kvType] ?? [],
  };
}

/** Of a mixture of experts, a token reads those that it visits. */
const activeShare = ({activeParameters, parameters}: ModelShape): number =>
  activeParameters !== undefined && parameters ? activeParameters / parameters : 1;

function vllmOffers({shape, vllm}: Plannable): Offer[] {
  return vllm.map(({weights, quality}) => {
    const kvType: VllmKvType = weights === 'fp8' ? 'fp8' : 'bf16';
    return {
      engine: 'vllm' as const,
      variant: weights,
      weights,
      kvType,
      estimate: (contextTokens: number, sequences: number) =>
        estimateVllm(shape, {
          weights,
          kvType,
          contextTokens,
          sequences,
          batchedTokens: batchTokensOf('vllm'),
          captureSizes: 'pruned',
        }),
      weightBytes: readByVllm(shape, weights),
      kvBytesPerToken: vllmKvBytesPerToken(shape, kvType),
      arithmetic: weights === 'fp8' ? ('fp8' as const) : ('bf16' as const),
      ...(quality && {quality}),
      warnings: WARNINGS[kvType] ?? [],
    };
  });
}

/** An untied embedding matrix is looked up, not read. */
function readByVllm(shape: ModelShape, weights: VllmWeights): number {
  const lookup = shape.tiedEmbeddings ? 0 : shape.vocabulary * shape.hidden * 2;
  return (vllmWeightBytes(shape, weights) - lookup) * activeShare(shape);
}
