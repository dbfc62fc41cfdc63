/** The built-in stand-in model, and larger ones of the same kind for measurements. */
import {open} from 'node:fs/promises';
import type {Bytes} from '../../base/units.ts';
import {bytes} from '../../base/units.ts';
import {
  ggufBytes,
  type GgufPlan,
  type MetadataValue,
  type TensorPlan,
  type WritableType,
} from '../gguf/write.ts';
import {nanoCircuit, type Shape, type Sparse} from './circuit.ts';
import {CHAT_TEMPLATE} from './template.ts';
import {nanoVocabulary, type Vocabulary} from './vocabulary.ts';

export interface SyntheticShape extends Shape {
  /** Type of the matrices that do nothing but cost; norms are always F32. */
  type: WritableType;
  /** Pads the vocabulary to this many tokens. */
  vocabulary?: number;
  contextTokens: number;
  name: string;
}

export const NANO_SHAPE: SyntheticShape = {
  name: 'Berth nano',
  type: 'F16',
  contextTokens: 32_768,
  layers: 4,
  hidden: 256,
  feedForward: 768,
  heads: 4,
  kvHeads: 2,
  headSize: 64,
};

/** What nano's file must be, to the byte. */
export const NANO_SHA256 = '2f00128f759dc254c7a269e1288281171e02f7cf96ae3f17ed53441c674030c7';

export const NANO_BYTES = bytes(6_675_904);

/** The bytes of nano's GGUF file: the same on every machine. */
export const buildNano = (): Uint8Array => Buffer.concat([...ggufBytes(plan(NANO_SHAPE))]);

/** Writes nano's GGUF file and syncs it. An existing file is replaced, not atomically. */
export const writeNano = (path: string): Promise<Bytes> => writeSynthetic(path, NANO_SHAPE);

/**
 * Writes a model that says what nano says but costs what a model of the given shape costs: for measurements.
 * Returns the file's size. An existing file is replaced, not atomically.
 */
export async function writeSynthetic(path: string, shape: SyntheticShape): Promise<Bytes> {
  await using file = await open(path, 'w', 0o644);
  let written = 0;
  for (const piece of ggufBytes(plan(shape))) {
    await file.writeFile(piece);
    written += piece.length;
  }
  await file.sync();
  return bytes(written);
}

function plan(shape: SyntheticShape): GgufPlan {
  const vocabulary = nanoVocabulary(shape.vocabulary);
  return {metadata: metadata(shape, vocabulary), tensors: tensors(shape, vocabulary)};
}

function metadata(shape: SyntheticShape, vocabulary: Vocabulary): [string, MetadataValue][] {
  const text = (value: string): MetadataValue => ({type: 'string', value});
  const count = (value: number): MetadataValue => ({type: 'uint32', value});
  const real = (value: number): MetadataValue => ({type: 'float32', value});
  return [
    ['general.architecture', text('qwen3')],
    ['general.name', text(shape.name)],
    ['general.description', text('Constructed, not trained: it proves the path, not the answers.')],
    ['general.license', text('apache-2.0')],
    ['general.file_type', count(FILE_TYPES[shape.type])],
    ['qwen3.block_count', count(shape.layers)],
    ['qwen3.context_length', count(shape.contextTokens)],
    ['qwen3.embedding_length', count(shape.hidden)],
    ['qwen3.feed_forward_length', count(shape.feedForward)],
    ['qwen3.attention.head_count', count(shape.heads)],
    ['qwen3.attention.head_count_kv', count(shape.kvHeads)],
    ['qwen3.attention.key_length', count(shape.headSize)],
    ['qwen3.attention.value_length', count(shape.headSize)],
    ['qwen3.attention.layer_norm_rms_epsilon', real(1e-6)],
    ['qwen3.rope.freq_base', real(5e6)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('qwen2')],
    ['tokenizer.ggml.tokens', {type: 'strings', value: vocabulary.tokens}],
    ['tokenizer.ggml.token_type', {type: 'int32s', value: vocabulary.types}],
    // No merges: text is read byte by byte, and the words of the notice are only ever said.
    ['tokenizer.ggml.merges', {type: 'strings', value: []}],
    ['tokenizer.ggml.eos_token_id', count(vocabulary.endOfTurn)],
    ['tokenizer.ggml.padding_token_id', count(vocabulary.endOfText)],
    ['tokenizer.ggml.add_bos_token', {type: 'bool', value: false}],
    ['tokenizer.chat_template', text(CHAT_TEMPLATE)],
  ];
}

/** llama.cpp's `general.file_type`. */
const FILE_TYPES: Record<WritableType, number> = {F32: 0, F16: 1, Q8_0: 7, Q4_K: 15};

function tensors(shape: SyntheticShape, vocabulary: Vocabulary): TensorPlan[] {
  const circuit = nanoCircuit(vocabulary, shape);
  const {hidden, feedForward} = shape;
  const queries = shape.heads * shape.headSize;
  const keys = shape.kvHeads * shape.headSize;
  const matrix = (name: string, columns: number, rows: number, weights?: Sparse): TensorPlan => ({
    name: `${name}.weight`,
    type: weights && shape.type === 'Q4_K' ? 'Q8_0' : shape.type,
    columns,
    rows,
    fill: weights?.fill ?? (() => undefined),
  });
  const norm = (name: string, columns: number, weight = 1): TensorPlan => ({
    name: `${name}.weight`,
    type: 'F32',
    columns,
    fill: (_, into) => into.fill(weight),
  });
  const layer = (index: number): TensorPlan[] => {
    const block = `blk.${index}`;
    const here = index === 0 ? circuit : undefined;
    return [
      norm(`${block}.attn_norm`, hidden),
      matrix(`${block}.attn_q`, hidden, queries, here?.query),
      norm(`${block}.attn_q_norm`, shape.headSize, circuit.queryKeyNorm),
      matrix(`${block}.attn_k`, hidden, keys, here?.key),
      norm(`${block}.attn_k_norm`, shape.headSize, circuit.queryKeyNorm),
      matrix(`${block}.attn_v`, hidden, keys, here?.value),
      matrix(`${block}.attn_output`, queries, hidden, here?.attentionOutput),
      norm(`${block}.ffn_norm`, hidden),
      matrix(`${block}.ffn_gate`, hidden, feedForward, here?.gate),
      matrix(`${block}.ffn_up`, hidden, feedForward, here?.up),
      matrix(`${block}.ffn_down`, feedForward, hidden, here?.down),
    ];
  };
  return [
    matrix('token_embd', hidden, vocabulary.tokens.length, circuit.embeddings),
    ...Array.from({length: shape.layers}, (_, index) => layer(index)).flat(),
    norm('output_norm', hidden),
    matrix('output', hidden, vocabulary.tokens.length, circuit.head),
  ];
}
