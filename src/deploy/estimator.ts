import {join} from 'node:path';
import type {DeviceFacts} from '../card/index.ts';
import type {EngineName, EngineSettings} from '../engines/index.ts';
import type {HostFiles} from '../hosts/index.ts';
import {
  estimateLlamaCpp,
  estimateVllm,
  readGgufHeader,
  shapeOfConfig,
  shapeOfGguf,
  weightsOfGguf,
  type LlamaCppPlace,
  type MemoryEstimate,
  type Model,
  type ModelShape,
  type Variant,
  type Weights,
  type WeightsStore,
} from '../models/index.ts';

/** Predicts an engine's peak for weights that are on the host. */
export interface Estimator {
  /** Longest context that the weights were trained for, as they say themselves. */
  trainedTokens: number;
  estimate: (settings: EngineSettings) => MemoryEstimate;
}

export interface EstimatorInput {
  engine: EngineName;
  device: DeviceFacts['kind'];
  model: Model;
  variant: Variant;
  weights: Weights;
  store: Pick<WeightsStore, 'header'>;
  files: Pick<HostFiles, 'read'>;
  signal: AbortSignal;
}

export async function estimatorFor(input: EstimatorInput): Promise<Estimator> {
  if (input.engine === 'vllm') return vllmEstimator(input);
  const header = await readGgufHeader(input.weights.path);
  const shape = shapeOfGguf(header);
  const facts = weightsOfGguf(header);
  const place = llamaCppPlace(input.engine, input.device);
  return {
    trainedTokens: shape.maxContextTokens ?? Infinity,
    estimate: (settings) => estimateLlamaCpp(shape, facts, settings, place),
  };
}

/** The embedded engine computes on the CPU wherever it runs. */
export const llamaCppPlace = (engine: EngineName, device: DeviceFacts['kind']): LlamaCppPlace =>
  engine === 'embedded' ? 'embedded-cpu' : device === 'gpu' ? 'cuda' : 'server-cpu';

async function vllmEstimator(input: EstimatorInput): Promise<Estimator> {
  const {shape, storedBytes} = await storedModel(input);
  return {
    trainedTokens: shape.maxContextTokens ?? Infinity,
    estimate: ({contextTokens, sequences, kvType, batchTokens}) =>
      estimateVllm(shape, {
        weights: {storedBytes},
        // Berth's names for what vLLM calls auto and fp8.
        kvType: kvType === 'f16' ? 'bf16' : 'fp8',
        contextTokens,
        sequences,
        batchedTokens: batchTokens,
        captureSizes: 'pruned',
      }),
  };
}

/** A folder of safetensors tells its shape in `config.json`; a GGUF file, which vLLM loads too, in its header. */
async function storedModel({
  model,
  variant,
  weights,
  store,
  files,
  signal,
}: EstimatorInput): Promise<{shape: ModelShape; storedBytes: number}> {
  const header = await store.header(model, variant, signal);
  if (header.format === 'gguf')
    return {shape: shapeOfGguf(header.gguf), storedBytes: header.gguf.tensorBytes};
  const text = await files.read(join(weights.path, 'config.json'));
  return {
    shape: shapeOfConfig(text === undefined ? undefined : parse(text)),
    storedBytes: header.shards.reduce((sum, shard) => sum + shard.tensorBytes, 0),
  };
}

/** What is no JSON is refused as a configuration that tells nothing. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
