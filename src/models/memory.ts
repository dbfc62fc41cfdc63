import type {EngineSettings} from '../engines/index.ts';
import {bytes, formatBytes, kib, mib, type Bytes} from '../base/units.ts';
import {align} from './gguf/format.ts';
import {modelNumber, type GgufHeader} from './gguf/header.ts';
import type {MemoryEstimate, MemoryTerm} from './model.ts';

/** llama.cpp rounds the cells of each sequence up to this. */
const CELL_PADDING = 256;

/** Bytes of one element of the KV cache. Source: ggml's blocks; q8_0 and q4_0 keep a half-precision scale for 32. */
const KV_ELEMENT_BYTES = {f16: 2, q8_0: 34 / 32, q4_0: 18 / 32} as const;

/** Node, the addon and its shared libraries, as measured after a first answer of nano (x64, Node 24). */
const RUNTIME = mib(120);
/** llama.cpp's tables for one token of the vocabulary, measured with 32,000 and 151,936 tokens. */
const TOKEN = kib(1.05);

/** Types that llama.cpp's CPU backend copies into another order when it loads them (AVX2 and ARM alike). */
const REPACKED = ['Q4_0', 'Q4_K', 'IQ4_NL'];

/**
 * The peak of an engine of the llama.cpp family on the CPU, as the operating system will count it
 * (resident memory). Pure. A card needs other terms; see the reference of each term in its `source`.
 */
export function estimateMemory(
  header: GgufHeader,
  settings: Pick<EngineSettings, 'contextTokens' | 'sequences' | 'kvType' | 'batchTokens'>,
): MemoryEstimate {
  const cells = align(settings.contextTokens, CELL_PADDING);
  const terms = [
    weightsTerm(header),
    cacheTerm(header, settings, cells),
    computeTerm(header, settings, cells),
    runtimeTerm(header),
  ];
  return {terms, totalBytes: bytes(terms.reduce((sum, term) => sum + term.totalBytes, 0))};
}

function weightsTerm({tensorBytes, tensors}: GgufHeader): MemoryTerm {
  const copied = tensors
    .filter(
      ({name, shape, type}) =>
        shape.length === 2 && REPACKED.includes(type.name) && !name.startsWith('token_embd'),
    )
    .reduce((sum, tensor) => sum + tensor.totalBytes, 0);
  const copy = copied > 0 ? ` + ${formatBytes(copied)} repacked for the CPU` : '';
  return {
    name: 'weights',
    totalBytes: bytes(tensorBytes + copied),
    source: `${tensors.length} tensors in the file, mapped: ${formatBytes(tensorBytes)}${copy}`,
  };
}

function cacheTerm(
  header: GgufHeader,
  {sequences, kvType}: Pick<EngineSettings, 'sequences' | 'kvType'>,
  cells: number,
): MemoryTerm {
  const perToken = kvBytesPerToken(header, kvType);
  return {
    name: 'kv-cache',
    totalBytes: bytes(perToken * cells * sequences),
    source: `${perToken} B a token (${kvType}) x ${cells} cells x ${sequences} sequences`,
  };
}

/** Bytes of KV cache that a token costs: layers x KV heads x (key + value length) x element bytes. */
export function kvBytesPerToken(header: GgufHeader, kvType: EngineSettings['kvType']): Bytes {
  const layers = modelNumber(header, 'block_count') ?? 0;
  const heads = modelNumber(header, 'attention.head_count') ?? 0;
  const hidden = modelNumber(header, 'embedding_length') ?? 0;
  const perHead = heads === 0 ? 0 : hidden / heads;
  const keys = modelNumber(header, 'attention.key_length') ?? perHead;
  const values = modelNumber(header, 'attention.value_length') ?? perHead;
  const elements = kvHeadsOfAllLayers(header, layers, heads) * (keys + values);
  return bytes(elements * KV_ELEMENT_BYTES[kvType]);
}

/** Some architectures give each layer its own number. */
function kvHeadsOfAllLayers(header: GgufHeader, layers: number, heads: number): number {
  const given = header.metadata.get(`${header.architecture}.attention.head_count_kv`);
  if (!Array.isArray(given)) return layers * (typeof given === 'number' ? given : heads);
  return given.reduce<number>((sum, each) => sum + (typeof each === 'number' ? each : 0), 0);
}

/**
 * What is really touched of llama.cpp's compute buffer. It also reserves logits for every token of a batch
 * (vocabulary x 4 B each), but only the last token of a prompt has any, and untouched pages cost nothing.
 */
function computeTerm(
  header: GgufHeader,
  {batchTokens, sequences}: Pick<EngineSettings, 'batchTokens' | 'sequences'>,
  cells: number,
): MemoryTerm {
  const hidden = modelNumber(header, 'embedding_length') ?? 0;
  const feedForward = modelNumber(header, 'feed_forward_length') ?? 4 * hidden;
  const batch = Math.min(batchTokens, cells * sequences);
  const activations = batch * 4 * (4 * feedForward + hidden);
  const mask = batch * cells * 2;
  const logits = sequences * vocabularySize(header) * 4;
  return {
    name: 'compute',
    totalBytes: bytes(activations + mask + logits),
    source: `batch ${batch} x (4 x ffn ${feedForward} + hidden ${hidden}) x 4 B + mask ${batch} x ${cells} x 2 B + logits`,
  };
}

function runtimeTerm(header: GgufHeader): MemoryTerm {
  const tokens = vocabularySize(header);
  return {
    name: 'runtime',
    totalBytes: bytes(RUNTIME + tokens * TOKEN),
    source: `measured: Node and llama.cpp ${formatBytes(RUNTIME)}, tables for ${tokens} tokens`,
  };
}

function vocabularySize({metadata}: GgufHeader): number {
  const tokens = metadata.get('tokenizer.ggml.tokens');
  return typeof tokens === 'object' ? tokens.length : 0;
}
