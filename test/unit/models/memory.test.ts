import {expect, test} from 'vitest';
import {bytes, mib} from '../../../src/base/units.ts';
import {estimateMemory, kvBytesPerToken, type GgufHeader, type GgufValue} from '../../../src/models/index.ts';

/** Qwen3-4B as its config.json tells it. */
const qwen3: GgufHeader = {
  architecture: 'qwen3',
  metadata: new Map<string, GgufValue>([
    ['qwen3.block_count', 36],
    ['qwen3.embedding_length', 2560],
    ['qwen3.feed_forward_length', 9728],
    ['qwen3.attention.head_count', 32],
    ['qwen3.attention.head_count_kv', 8],
    ['qwen3.attention.key_length', 128],
    ['qwen3.attention.value_length', 128],
    ['tokenizer.ggml.tokens', {length: 151_936}],
  ]),
  tensors: [],
  parameters: 4_022_468_096,
  bytesByType: {},
  tensorBytes: bytes(2_491_000_000),
  fileBytes: bytes(2_497_281_120),
};

test('a token of Qwen3-4B costs 147,456 bytes in f16, as its configuration says', () => {
  expect(kvBytesPerToken(qwen3, 'f16')).toBe(147_456);
  expect(kvBytesPerToken(qwen3, 'q8_0')).toBe((147_456 / 2) * (34 / 32));
  expect(kvBytesPerToken(qwen3, 'q4_0')).toBe((147_456 / 2) * (18 / 32));
});

test('4,096 tokens take the 576 MiB that llama.cpp reports, and cells are rounded up to 256 a sequence', () => {
  const cache = (contextTokens: number, sequences: number) =>
    estimateMemory(qwen3, {contextTokens, sequences, kvType: 'f16', batchTokens: 512}).terms[1]?.totalBytes;
  expect(cache(4096, 1)).toBe(mib(576));
  expect(cache(1000, 3)).toBe(3 * 1024 * 147_456);
});

test('the terms add up and each says where it comes from', () => {
  const estimate = estimateMemory(qwen3, {
    contextTokens: 8192,
    sequences: 2,
    kvType: 'f16',
    batchTokens: 512,
  });
  expect(estimate.terms.map(({name}) => name)).toEqual(['weights', 'kv-cache', 'compute', 'runtime']);
  expect(estimate.terms.reduce((sum, term) => sum + term.totalBytes, 0)).toBe(estimate.totalBytes);
  for (const {source} of estimate.terms) expect(source.length).toBeGreaterThan(20);
});
