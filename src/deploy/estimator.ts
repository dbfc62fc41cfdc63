import type {DeviceFacts} from '../card/index.ts';
import type {EngineName, EngineSettings} from '../engines/index.ts';
import {
  estimateLlamaCpp,
  estimateVllm,
  type LlamaCppPlace,
  type MemoryEstimate,
  type WeightsMeasure,
} from '../models/index.ts';

/** Predicts an engine's peak for weights that are on the host. */
export interface Estimator {
  /** Longest context that the weights were trained for, as they say themselves. */
  trainedTokens: number;
  estimate: (settings: EngineSettings) => MemoryEstimate;
}

/** What is quantised while it is loaded was stored like this. */
const BF16_BYTES = 2;

export function estimatorFor(
  engine: EngineName,
  device: DeviceFacts['kind'],
  {shape, storedBytes, gguf}: WeightsMeasure,
): Estimator {
  const trainedTokens = shape.maxContextTokens ?? Infinity;
  if (engine !== 'vllm' && gguf) {
    const place = llamaCppPlace(engine, device);
    return {trainedTokens, estimate: (settings) => estimateLlamaCpp(shape, gguf, settings, place)};
  }
  return {
    trainedTokens,
    estimate: ({contextTokens, sequences, kvType, batchTokens, quantization}) =>
      estimateVllm(quantization ? {...shape, parameters: storedBytes / BF16_BYTES} : shape, {
        weights: quantization ?? {storedBytes},
        // Berth's names for what vLLM calls auto and fp8.
        kvType: kvType === 'f16' ? 'bf16' : 'fp8',
        contextTokens,
        sequences,
        batchedTokens: batchTokens,
        captureSizes: 'pruned',
      }),
  };
}

/** The embedded engine computes on the CPU wherever it runs. */
export const llamaCppPlace = (engine: EngineName, device: DeviceFacts['kind']): LlamaCppPlace =>
  engine === 'embedded' ? 'embedded-cpu' : device === 'gpu' ? 'cuda' : 'server-cpu';
