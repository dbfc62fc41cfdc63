import type {LlamaModel} from 'node-llama-cpp';
import {formatBytes} from '../../../base/units.ts';
import type {EngineOptions} from '../options.ts';

/** Bytes an element takes in each cache type, the scales of its block included. */
const ELEMENT_BYTES = {f16: 2, q8_0: 34 / 32, q4_0: 18 / 32} as const;

interface Attention {
  layers: number;
  /** Per layer, where layers differ. */
  kvHeads: number | readonly number[];
  keyLength: number;
  valueLength: number;
}

/** Bytes of KV cache: layers x heads x (key + value) x element, for every token of every sequence. */
export function kvCacheBytes(
  {layers, kvHeads, keyLength, valueLength}: Attention,
  {contextTokens, sequences, kvType}: Pick<EngineOptions, 'contextTokens' | 'sequences' | 'kvType'>,
): number {
  const heads =
    typeof kvHeads === 'number' ? layers * kvHeads : kvHeads.reduce((sum, count) => sum + count, 0);
  return heads * (keyLength + valueLength) * ELEMENT_BYTES[kvType] * contextTokens * sequences;
}

/**
 * Refuses at once what cannot fit; the library would try for minutes. What may fit is left to the library.
 * @throws Error with both numbers.
 */
export function demandMemory(model: LlamaModel, options: EngineOptions): Promise<void> {
  const insights = model.fileInsights;
  // Such models do not keep every token in every layer.
  if (options.gpu !== 'off' || insights.isRecurrent || insights.swaSize !== undefined)
    return Promise.resolve();
  const {attention, block_count: layers, embedding_length: width} = model.fileInfo.architectureMetadata;
  if (layers === undefined || width === undefined) return Promise.resolve();
  const headSize = width / maxOf(attention?.head_count ?? 1);
  const needed = kvCacheBytes(
    {
      layers,
      kvHeads: attention?.head_count_kv ?? attention?.head_count ?? 1,
      keyLength: attention?.key_length ?? headSize,
      valueLength: attention?.value_length ?? headSize,
    },
    options,
  );
  const free = process.availableMemory();
  if (needed <= free) return Promise.resolve();
  return Promise.reject(
    new Error(
      `out of memory: the KV cache of ${options.sequences} x ${options.contextTokens} tokens ` +
        `needs ${formatBytes(needed)}, ${formatBytes(free)} are free`,
    ),
  );
}

const maxOf = (counts: number | readonly number[]): number =>
  typeof counts === 'number' ? counts : Math.max(1, ...counts);
