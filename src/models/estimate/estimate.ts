import {bytes, type Bytes} from '../../base/units.ts';
import type {ModelShape} from '../shape.ts';

/** What a model will take, term by term, before it is loaded. */
export interface MemoryEstimate {
  terms: readonly MemoryTerm[];
  totalBytes: Bytes;
  /** Why the figure deserves less trust than usual; missing where it does not. */
  doubts?: readonly Doubt[];
}

export interface MemoryTerm {
  name: 'weights' | 'kv-cache' | 'compute' | 'cuda-graphs' | 'runtime';
  totalBytes: Bytes;
  /** How it was computed, for people who check. */
  source: string;
}

/** `architecture`: planned from the header alone. `sliding-window`, `recurrent`: the cache is an upper bound. */
export type Doubt = 'architecture' | 'sliding-window' | 'recurrent';

/** Architectures whose layers are attention and feed-forward as the estimate knows them. */
const UNDERSTOOD = ['llama', 'qwen2', 'qwen3', 'qwen2moe', 'qwen3moe', 'mistral', 'deepseek2', 'deepseek_v2'];

/** Adds up terms, and says what the shape leaves in doubt. */
export function estimateOf(shape: ModelShape, terms: readonly MemoryTerm[]): MemoryEstimate {
  const doubts: Doubt[] = [
    ...(UNDERSTOOD.includes(shape.architecture) ? [] : (['architecture'] as const)),
    ...(shape.slidingWindow === undefined ? [] : (['sliding-window'] as const)),
    ...(shape.recurrent ? (['recurrent'] as const) : []),
  ];
  return {
    terms,
    totalBytes: bytes(terms.reduce((sum, term) => sum + term.totalBytes, 0)),
    ...(doubts.length > 0 && {doubts}),
  };
}
