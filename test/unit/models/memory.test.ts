import {describe, expect, it, test} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import {
  computeBytes,
  estimateLlamaCpp,
  estimateVllm,
  KNOWN_SHAPES,
  kvBytesPerToken,
  shapeOfConfig,
  shapeOfGguf,
  weightsOfFile,
  weightsOfGguf,
  type GgufHeader,
  type GgufValue,
} from '../../../src/models/index.ts';
import {tensorType} from '../../../src/models/gguf/format.ts';
import type {GgufTensor} from '../../../src/models/gguf/header.ts';

const F32 = 0;
const Q4_K = 12;
const Q6_K = 14;

function tensor(name: string, typeId: number, shape: number[]): GgufTensor {
  const type = tensorType(typeId);
  if (!type) throw new Error(`no type ${typeId}`);
  const elements = shape.reduce((product, length) => product * length, 1);
  return {name, type, shape, elements, totalBytes: bytes((elements / type.blockElements) * type.blockBytes)};
}

/** llama.cpp's recipe for Q4_K_M: these layers keep value and down projection in 6 bits. */
const moreBits = (layer: number, layers: number): boolean => {
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2;
};

/** Qwen3-4B as its config.json tells it, quantised as Q4_K_M. */
function qwen3(): GgufHeader {
  const layer = (index: number): GgufTensor[] => {
    const wide = moreBits(index, 36) ? Q6_K : Q4_K;
    const of = (name: string, type: number, shape: number[]) => tensor(`blk.${index}.${name}`, type, shape);
    return [
      of('attn_norm.weight', F32, [2560]),
      of('attn_q.weight', Q4_K, [2560, 4096]),
      of('attn_q_norm.weight', F32, [128]),
      of('attn_k.weight', Q4_K, [2560, 1024]),
      of('attn_k_norm.weight', F32, [128]),
      of('attn_v.weight', wide, [2560, 1024]),
      of('attn_output.weight', Q4_K, [4096, 2560]),
      of('ffn_norm.weight', F32, [2560]),
      of('ffn_gate.weight', Q4_K, [2560, 9728]),
      of('ffn_up.weight', Q4_K, [2560, 9728]),
      of('ffn_down.weight', wide, [9728, 2560]),
    ];
  };
  const tensors = [
    tensor('token_embd.weight', Q6_K, [2560, 151_936]),
    ...Array.from({length: 36}, (_, index) => layer(index)).flat(),
    tensor('output_norm.weight', F32, [2560]),
  ];
  return {
    architecture: 'qwen3',
    metadata: new Map<string, GgufValue>([
      ['qwen3.block_count', 36],
      ['qwen3.context_length', 262_144],
      ['qwen3.embedding_length', 2560],
      ['qwen3.feed_forward_length', 9728],
      ['qwen3.attention.head_count', 32],
      ['qwen3.attention.head_count_kv', 8],
      ['qwen3.attention.key_length', 128],
      ['qwen3.attention.value_length', 128],
      ['tokenizer.ggml.tokens', {length: 151_936}],
    ]),
    tensors,
    parameters: tensors.reduce((sum, {elements}) => sum + elements, 0),
    bytesByType: {},
    tensorBytes: bytes(tensors.reduce((sum, {totalBytes}) => sum + totalBytes, 0)),
    fileBytes: bytes(2_497_281_120),
  };
}

const header = qwen3();
const shape = shapeOfGguf(header);
const weights = weightsOfGguf(header);
const settings = {contextTokens: 4096, sequences: 1, kvType: 'f16', batchTokens: 512} as const;
const toMib = (size: number): number => Math.round((size / 1024 ** 2) * 100) / 100;

describe('Qwen3-4B Q4_K_M, against what llama.cpp reports for it', () => {
  it('has the parameters that were published', () => {
    expect(shape.parameters).toBe(4_022_468_096);
    expect(shape).toEqual({...KNOWN_SHAPES['qwen3-4b-instruct-2507']});
  });

  it('puts 2375.91 MiB of weights on a card, and keeps 304 MiB of embeddings on the host too', () => {
    const [term] = estimateLlamaCpp(shape, weights, settings, 'cuda').terms;
    expect(toMib(term?.totalBytes ?? 0)).toBe(2375.91);
    expect(Math.round(toMib(weights.embeddingBytes))).toBe(304);
  });

  it('takes 147,456 bytes a token in f16 and 576 MiB for 4,096', () => {
    expect(kvBytesPerToken(shape, 'f16')).toBe(147_456);
    expect(kvBytesPerToken(shape, 'q8_0')).toBe((147_456 / 2) * (34 / 32));
    expect(kvBytesPerToken(shape, 'q4_0')).toBe((147_456 / 2) * (18 / 32));
    expect(estimateLlamaCpp(shape, weights, settings, 'cuda').terms[1]?.totalBytes).toBe(mib(576));
  });

  it('reserves 301.75 MiB of compute buffer on CUDA for a batch of 512', () => {
    expect(toMib(computeBytes(shape, settings, 'cuda').reserved)).toBe(301.75);
  });

  it('rounds the cells of each sequence up to 256', () => {
    const term = estimateLlamaCpp(
      shape,
      weights,
      {...settings, contextTokens: 1000, sequences: 3},
      'embedded-cpu',
    ).terms[1];
    expect(term?.totalBytes).toBe(3 * 1024 * 147_456);
  });

  it('guesses the tensors from the size of the file within 2 MiB', () => {
    const guessed = weightsOfFile(shape, 2_497_281_120);
    expect(Math.abs(guessed.tensorBytes - weights.tensorBytes)).toBeLessThan(mib(2));
    expect(Math.abs(guessed.embeddingBytes - weights.embeddingBytes)).toBeLessThan(mib(1));
  });

  it('counts weights that a mapping keeps twice only where they are mapped', () => {
    const of = (place: 'embedded-cpu' | 'server-cpu') =>
      estimateLlamaCpp(shape, weights, settings, place).terms[0]?.totalBytes;
    expect(of('embedded-cpu')).toBe(weights.tensorBytes);
    expect(of('server-cpu')).toBe(weights.tensorBytes + weights.repackedBytes);
    expect(weights.repackedBytes).toBeGreaterThan(gib(1.4));
  });
});

test('256K of context cost what the card cannot and can hold', () => {
  const kv = (kvType: 'f16' | 'q8_0' | 'q4_0') => (kvBytesPerToken(shape, kvType) * 262_144) / 1024 ** 3;
  expect(kv('f16')).toBe(36);
  expect(kv('q8_0')).toBe(19.125);
  expect(kv('q4_0')).toBe(10.125);
});

test('the terms add up and each says where it comes from', () => {
  const vllm = {weights: 'fp8', kvType: 'fp8', contextTokens: 32_768, sequences: 1} as const;
  const estimates = [
    ...(['embedded-cpu', 'server-cpu', 'cuda'] as const).map((place) =>
      estimateLlamaCpp(shape, weights, settings, place),
    ),
    estimateVllm(shape, {...vllm, batchedTokens: 2048, captureSizes: 'pruned'}),
  ];
  for (const {terms, totalBytes, doubts} of estimates) {
    expect(terms.reduce((sum, term) => sum + term.totalBytes, 0)).toBe(totalBytes);
    for (const {source} of terms) expect(source.length).toBeGreaterThan(20);
    expect(doubts).toBeUndefined();
  }
});

describe('vLLM', () => {
  const at = {contextTokens: 14_560, sequences: 1, batchedTokens: 2048, captureSizes: 'pruned'} as const;
  const total = (of: 'bf16' | 'fp8' | 'w4a16', kvType: 'bf16' | 'fp8') =>
    estimateVllm(shape, {...at, weights: of, kvType}).terms;

  it('keeps 7.56 GiB of weights in bf16, 4.11 (and rotary tables) in 8 bits', () => {
    expect((total('bf16', 'bf16')[0]?.totalBytes ?? 0) / 1024 ** 3).toBeCloseTo(7.56, 2);
    expect((total('fp8', 'fp8')[0]?.totalBytes ?? 0) / 1024 ** 3).toBeCloseTo(4.11 + 0.07, 2);
  });

  it('pins a pool of whole blocks and one more', () => {
    expect(total('bf16', 'bf16')[1]?.totalBytes).toBe(147_456 * (14_560 + 16));
    expect(total('bf16', 'fp8')[1]?.totalBytes).toBe((147_456 / 2) * (14_560 + 16));
  });
});

describe('other architectures', () => {
  it('keeps one latent vector a token where attention is multi-head latent', () => {
    expect(kvBytesPerToken(KNOWN_SHAPES['deepseek-v2-lite-chat'], 'f16')).toBe(31_104);
    expect(kvBytesPerToken(KNOWN_SHAPES['deepseek-v2-chat'], 'f16')).toBe(69_120);
    const {latent: _, ...expanded} = KNOWN_SHAPES['deepseek-v2-lite-chat'];
    expect(kvBytesPerToken(expanded, 'f16')).toBe(276_480);
    expect(kvBytesPerToken(KNOWN_SHAPES['llama-3-8b-instruct'], 'f16')).toBe(131_072);
  });

  it('says that it doubts an architecture it does not know', () => {
    const estimate = estimateLlamaCpp(
      {...shape, architecture: 'rwkv9', recurrent: true},
      weights,
      settings,
      'cuda',
    );
    expect(estimate.doubts).toEqual(['architecture', 'recurrent']);
  });

  it('takes layers that differ', () => {
    const uneven = new Map(header.metadata).set('qwen3.attention.head_count_kv', [8, 8, 0, 4]);
    expect(kvBytesPerToken(shapeOfGguf({...header, metadata: uneven}), 'f16')).toBe(20 * 256 * 2);
  });
});

describe('a shape', () => {
  it.each([
    ['qwen3.block_count', -1],
    ['qwen3.block_count', 1e9],
    ['qwen3.embedding_length', 0],
    ['qwen3.attention.head_count', 'many'],
    ['qwen3.attention.head_count_kv', [8, -8]],
    ['qwen3.attention.key_length', 0.5],
  ])('is refused when the header says %s = %j', (key, value) => {
    const metadata = new Map(header.metadata).set(key, value);
    const field = key.replace(/^qwen3\.(attention\.)?/, '');
    expect(() => shapeOfGguf({...header, metadata})).toThrow(BerthError);
    expect(() => shapeOfGguf({...header, metadata})).toThrow(field);
  });

  it('is read from a config.json', () => {
    const config = {
      model_type: 'qwen3',
      num_hidden_layers: 36,
      hidden_size: 2560,
      intermediate_size: 9728,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      head_dim: 128,
      vocab_size: 151_936,
      tie_word_embeddings: true,
      max_position_embeddings: 262_144,
      sliding_window: null,
      use_sliding_window: false,
    };
    const {parameters: _, ...known} = KNOWN_SHAPES['qwen3-4b-instruct-2507'];
    expect(shapeOfConfig(config)).toEqual(known);
    expect(() => shapeOfConfig({...config, hidden_size: 0})).toThrow('hidden_size');
    expect(() => shapeOfConfig('no object')).toThrow('config.json');
  });

  it('tells experts and latent attention of a config.json', () => {
    const lite = shapeOfConfig({
      model_type: 'deepseek_v2',
      num_hidden_layers: 27,
      hidden_size: 2048,
      intermediate_size: 10_944,
      num_attention_heads: 16,
      num_key_value_heads: 16,
      vocab_size: 102_400,
      n_routed_experts: 64,
      n_shared_experts: 2,
      num_experts_per_tok: 6,
      moe_intermediate_size: 1408,
      kv_lora_rank: 512,
      qk_rope_head_dim: 64,
    });
    const {experts, latent} = KNOWN_SHAPES['deepseek-v2-lite-chat'];
    expect(lite).toMatchObject({experts, latent});
    expect(kvBytesPerToken(lite, 'f16')).toBe(31_104);
  });
});
