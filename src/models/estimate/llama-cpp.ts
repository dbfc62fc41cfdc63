/**
 * Memory of an engine of the llama.cpp family. Read off its sources (v0.5.0: llama-context.cpp sched_reserve,
 * llama-kv-cache.cpp, ggml-alloc.c, ggml-cpu/repack.cpp) and held against its own log and the kernel's count:
 * docs/planning.md has the derivation, docs/measurements/memory-cpu.md the error.
 */
import {bytes, formatBytes, kib, mib, type Bytes} from '../../base/units.ts';
import type {EngineSettings} from '../../engines/index.ts';
import {align} from '../gguf/format.ts';
import {kvElementsPerToken, widestKvHeads, type ModelShape} from '../shape.ts';
import {estimateOf, type MemoryEstimate, type MemoryTerm} from './estimate.ts';
import type {WeightsFacts} from './weights.ts';

/** Where the model runs: Berth's own engine on the CPU, llama-server on the CPU, or either on a card. */
export type LlamaCppPlace = 'embedded-cpu' | 'server-cpu' | 'cuda';

export type LlamaCppSettings = Pick<EngineSettings, 'contextTokens' | 'sequences' | 'kvType' | 'batchTokens'>;

/** llama.cpp rounds the cells of each sequence up to this. */
const CELL_PADDING = 256;
const F32 = 4;
/** Of an attention mask. */
const F16 = 2;

/** Bytes of one element of the KV cache. Source: ggml's blocks; q8_0 and q4_0 keep a half-precision scale for 32. */
const KV_ELEMENT_BYTES = {f16: 2, q8_0: 34 / 32, q4_0: 18 / 32} as const;

/** Node, Berth's engine, the addon and its libraries after a warm-up. Measured: docs/measurements/memory-cpu.md. */
const EMBEDDED = mib(153);
/** The vocabulary in llama.cpp and in Node, a token. Measured 1.0 to 1.4 KiB: it depends on when Node collects garbage. */
const EMBEDDED_TOKEN = kib(1.35);
/** A sequence's own state in the engine. Measured from 1 to 8 sequences. */
const EMBEDDED_SEQUENCE = mib(1);
/** llama-server without Node: its binary, threads and HTTP. Not measured to the MiB. */
const SERVER = mib(80);
const SERVER_TOKEN = kib(1.05);
/** CUDA's context, kernels and cuBLAS workspace, seen only by the driver. From memory (0.4 GiB), not measured here. */
const CUDA_CONTEXT = mib(410);

export function estimateLlamaCpp(
  shape: ModelShape,
  weights: WeightsFacts,
  settings: LlamaCppSettings,
  place: LlamaCppPlace,
): MemoryEstimate {
  return estimateOf(shape, [
    weightsTerm(shape, weights, place),
    kvTerm(shape, settings),
    computeTerm(shape, settings, place),
    runtimeTerm(shape, settings, place),
  ]);
}

function weightsTerm(
  {tiedEmbeddings}: ModelShape,
  {tensorBytes, embeddingBytes, repackedBytes, source}: WeightsFacts,
  place: LlamaCppPlace,
): MemoryTerm {
  const term = (totalBytes: number, how: string): MemoryTerm => ({
    name: 'weights',
    totalBytes: bytes(totalBytes),
    source: `${source}; ${how}`,
  });
  switch (place) {
    case 'embedded-cpu':
      return term(tensorBytes, 'read, not mapped: each is in memory once');
    case 'server-cpu':
      return term(
        tensorBytes + repackedBytes,
        `mapped, and ${formatBytes(repackedBytes)} copied into another order`,
      );
    case 'cuda':
      return tiedEmbeddings
        ? term(tensorBytes, `all on the card; ${formatBytes(embeddingBytes)} of embeddings on the host too`)
        : term(tensorBytes - embeddingBytes, `${formatBytes(embeddingBytes)} of embeddings stay on the host`);
  }
}

/** Cells of one sequence. Source: llama_context pads n_ctx_seq. */
export const kvCells = (contextTokens: number): number => align(contextTokens, CELL_PADDING);

/** Bytes of KV cache that one token costs. */
export const kvBytesPerToken = (shape: ModelShape, kvType: EngineSettings['kvType']): Bytes =>
  bytes(kvElementsPerToken(shape) * KV_ELEMENT_BYTES[kvType]);

function kvTerm(shape: ModelShape, {contextTokens, sequences, kvType}: LlamaCppSettings): MemoryTerm {
  const cells = kvCells(contextTokens);
  const perToken = kvBytesPerToken(shape, kvType);
  return {
    name: 'kv-cache',
    // Not unified: every sequence has cells of its own. The cache is cleared, so all of it is resident at once.
    totalBytes: bytes(perToken * cells * sequences),
    source: `${perToken} B a token (${kvType}) x ${cells} cells x ${sequences} sequences`,
  };
}

/** Bytes that the scratch space of a graph takes: reserved at the start, and really written to. */
export interface ComputeBytes {
  reserved: Bytes;
  touched: Bytes;
}

/**
 * The two phases of a layer that hold most at once, and the output head. Source: ggml-alloc reuses what no later
 * node reads, so a graph needs its widest moment: in attention the residual, the query twice and key and value; in
 * the feed-forward gate, up and their product beside three rows of the residual's width; at the head, logits for
 * every token of a batch. On the CPU the head's block lies behind what the layers left in use.
 */
export function computeBytes(
  shape: ModelShape,
  {batchTokens, sequences, contextTokens}: LlamaCppSettings,
  on: 'cpu' | 'cuda',
): ComputeBytes {
  const cells = kvCells(contextTokens);
  const tokens = Math.min(batchTokens, cells * sequences);
  const {hidden, heads, vocabulary, latent} = shape;
  const query = heads * (latent ? latent.rank + latent.ropeLength : shape.keyLength);
  const keyValue = latent
    ? latent.rank + latent.ropeLength
    : widestKvHeads(shape) * (shape.keyLength + shape.valueLength);
  const mask = tokens * cells * F16;
  const row = (elements: number): number => tokens * elements * F32;
  const attention = mask + row(hidden + 2 * query + keyValue);
  const feedForward = mask + row(3 * hidden + keyValue + widestFeedForward(shape));
  const behind = on === 'cpu' ? mask + row(2 * hidden + query + keyValue) : row(hidden);
  const layers = Math.max(attention, feedForward);
  return {
    reserved: bytes(Math.max(layers, behind + row(vocabulary))),
    // Only the last token of a prompt has logits; a sampler keeps candidates (12 B) for each.
    touched: bytes(layers + sequences * vocabulary * (2 * F32 + 12)),
  };
}

function widestFeedForward({feedForward, experts, hidden}: ModelShape): number {
  const routed = experts ? experts.used * (3 * experts.feedForward + hidden) : 0;
  return Math.max(3 * feedForward, routed);
}

function computeTerm(shape: ModelShape, settings: LlamaCppSettings, place: LlamaCppPlace): MemoryTerm {
  const on = place === 'cuda' ? 'cuda' : 'cpu';
  const {reserved, touched} = computeBytes(shape, settings, on);
  const of = `widest moment of a batch of ${settings.batchTokens} tokens over ${kvCells(settings.contextTokens)} cells`;
  return on === 'cuda'
    ? {name: 'compute', totalBytes: reserved, source: `${of}, logits for each included`}
    : {
        name: 'compute',
        totalBytes: touched,
        source: `${of}; ${formatBytes(reserved)} reserved, never all used`,
      };
}

function runtimeTerm(
  {vocabulary}: ModelShape,
  {sequences}: LlamaCppSettings,
  place: LlamaCppPlace,
): MemoryTerm {
  switch (place) {
    case 'embedded-cpu':
      return {
        name: 'runtime',
        totalBytes: bytes(EMBEDDED + vocabulary * EMBEDDED_TOKEN + sequences * EMBEDDED_SEQUENCE),
        source: `measured: Node and llama.cpp ${formatBytes(EMBEDDED)}, tables for ${vocabulary} tokens, ${sequences} sequences`,
      };
    case 'server-cpu':
      return {
        name: 'runtime',
        totalBytes: bytes(SERVER + vocabulary * SERVER_TOKEN),
        source: `llama-server ${formatBytes(SERVER)}, tables for ${vocabulary} tokens`,
      };
    case 'cuda':
      return {
        name: 'runtime',
        totalBytes: CUDA_CONTEXT,
        source: `CUDA context and kernels, not measured here`,
      };
  }
}
