/** Memory of vLLM with a pinned KV pool. Every constant is a third party's measurement of Qwen3-4B: docs/planning.md. */
import {bytes, formatBytes, gib, mib, type Bytes} from '../../base/units.ts';
import {align} from '../gguf/format.ts';
import {embeddingParameters, kvElementsPerToken, type ModelShape} from '../shape.ts';
import {estimateOf, type MemoryEstimate, type MemoryTerm} from './estimate.ts';

/** How the linear layers are kept: as published, 8-bit floats made at load, or 4-bit with 16-bit activations. */
export type VllmWeights = 'bf16' | 'fp8' | 'w4a16';
export type VllmKvType = 'bf16' | 'fp8';

export interface VllmSettings {
  /** Made at load from what was published, or taken as they are stored. */
  weights: VllmWeights | {storedBytes: number};
  kvType: VllmKvType;
  contextTokens: number;
  /** Requests at full context that the pool must hold at once. */
  sequences: number;
  /** Prompt tokens in one step. */
  batchedTokens: number;
  /** `pruned`: sizes for a few requests only. `default`: 67 sizes up to 512. */
  captureSizes: 'pruned' | 'default';
}

/** Bytes of one element. 4 bits and a 16-bit scale and zero for each group of 128 make 4.25. */
const ELEMENT_BYTES: Record<VllmWeights, number> = {bf16: 2, fp8: 1, w4a16: 4.25 / 8};
const KV_ELEMENT_BYTES: Record<VllmKvType, number> = {bf16: 2, fp8: 1};
/** Tokens of one block; one more block is kept empty. */
const BLOCK = 16;
/** Measured less parameters x 2: 7.56 GiB against 7.49. */
const BESIDE_WEIGHTS = gib(0.07);
/** Peak activation of Qwen3-4B, the upper of two measurements (0.70, 0.74 GiB). */
const ACTIVATION = gib(0.74);
/** hidden 2560, feed-forward 9728: what the activation was measured with. */
const MEASURED_WIDTH = 4 * 2560 + 2 * 9728;
const GRAPHS = {pruned: gib(0.2), default: gib(0.69)};
/** NCCL, cuBLAS workspaces: the upper of 0.04 to 0.11. */
const NON_TORCH = gib(0.11);
const CUDA_CONTEXT = mib(410);

export function estimateVllm(shape: ModelShape, settings: VllmSettings): MemoryEstimate {
  const width = 4 * shape.hidden + 2 * shape.feedForward;
  const activation = ACTIVATION * Math.max(1, width / MEASURED_WIDTH);
  const pool = vllmKvPool(shape, settings);
  return estimateOf(shape, [
    weightsTerm(shape, settings.weights),
    {
      name: 'kv-cache',
      totalBytes: pool,
      source: `--kv-cache-memory-bytes: ${settings.sequences} x ${settings.contextTokens} tokens in blocks of ${BLOCK}, ${settings.kvType}`,
    },
    {
      name: 'compute',
      totalBytes: bytes(activation),
      source: `peak activation, measured 0.70 to 0.74 GiB for Qwen3-4B, scaled by width; at most ${settings.batchedTokens} tokens a step`,
    },
    {
      name: 'cuda-graphs',
      totalBytes: GRAPHS[settings.captureSizes],
      source: `measured for Qwen3-4B with ${settings.captureSizes} capture sizes`,
    },
    {
      name: 'runtime',
      totalBytes: bytes(NON_TORCH + CUDA_CONTEXT),
      source: `non-torch ${formatBytes(NON_TORCH)} measured, CUDA context ${formatBytes(CUDA_CONTEXT)} not measured here`,
    },
  ]);
}

function weightsTerm(shape: ModelShape, weights: VllmSettings['weights']): MemoryTerm {
  if (typeof weights === 'object') {
    const totalBytes = bytes(weights.storedBytes + BESIDE_WEIGHTS);
    return {
      name: 'weights',
      totalBytes,
      source: 'tensors in the headers of the files, as stored; rotary tables',
    };
  }
  return {
    name: 'weights',
    totalBytes: bytes(vllmWeightBytes(shape, weights) + BESIDE_WEIGHTS),
    source: `linear layers ${weights}, embeddings bf16 (${formatBytes(headBytes(shape))}), rotary tables`,
  };
}

/** Embeddings stay bf16 whatever the layers are; an untied head is a second matrix. */
const headBytes = (shape: ModelShape): Bytes =>
  bytes(embeddingParameters(shape) * (shape.tiedEmbeddings ? 1 : 2) * ELEMENT_BYTES.bf16);

export function vllmWeightBytes(shape: ModelShape, weights: VllmWeights): Bytes {
  const matrices = embeddingParameters(shape) * (shape.tiedEmbeddings ? 1 : 2);
  const linear = (shape.parameters ?? 0) - matrices;
  return bytes(headBytes(shape) + linear * ELEMENT_BYTES[weights]);
}

/** What `--kv-cache-memory-bytes` is set to. vLLM's MLA keeps the latent vector; the others key and value. */
export function vllmKvPool(shape: ModelShape, {contextTokens, sequences, kvType}: VllmSettings): Bytes {
  const tokens = align(contextTokens, BLOCK) * sequences + BLOCK;
  return bytes(vllmKvBytesPerToken(shape, kvType) * tokens);
}

/** Bytes of KV cache that one token costs in vLLM. */
export const vllmKvBytesPerToken = (shape: ModelShape, kvType: VllmKvType): Bytes =>
  bytes(kvElementsPerToken(shape) * KV_ELEMENT_BYTES[kvType]);
