import {bytes, type Bytes} from '../../base/units.ts';
import type {GgufHeader} from '../gguf/header.ts';
import {embeddingParameters, type ModelShape} from '../shape.ts';

/** What the weights of one variant take, and where llama.cpp puts them. */
export interface WeightsFacts {
  /** All tensors together, padding not counted. */
  tensorBytes: Bytes;
  /** The embedding matrix: llama.cpp looks it up on the host, unless it is the output head too. */
  embeddingBytes: Bytes;
  /** What the CPU backend copies into another order. */
  repackedBytes: Bytes;
  /** Where these come from: a header read, or a file's size. */
  source: string;
}

/** Types that llama.cpp's CPU backend copies into another order when it loads them (AVX2 and ARM alike). */
const REPACKED = ['Q4_0', 'Q4_K', 'IQ4_NL'];

/** Exact: from the header's tensor table. */
export function weightsOfGguf({tensors, tensorBytes}: GgufHeader): WeightsFacts {
  const repacked = tensors.filter(
    ({name, shape, type}) =>
      shape.length >= 2 && REPACKED.includes(type.name) && !name.startsWith('token_embd'),
  );
  return {
    tensorBytes,
    embeddingBytes: tensors.find(({name}) => name === 'token_embd.weight')?.totalBytes ?? bytes(0),
    repackedBytes: bytes(repacked.reduce((sum, tensor) => sum + tensor.totalBytes, 0)),
    source: `${tensors.length} tensors in the file's header`,
  };
}

/** Bytes of header a token of the vocabulary takes, its merges included. Source: Qwen3-4B Q4_K_M, 5.95 MB for 151,936. */
const HEADER_BYTES_A_TOKEN = 39;
/** Bits of an element of the embedding matrix in a K-quantised file: Q6_K. */
const EMBEDDING_BITS = 6.5625;

/** From the size of a file that is not here yet: the header is what it must be, the rest are tensors. */
export function weightsOfFile(shape: ModelShape, fileBytes: number, elementBits?: number): WeightsFacts {
  const embedding = (embeddingParameters(shape) * (elementBits ?? EMBEDDING_BITS)) / 8;
  return {
    tensorBytes: bytes(fileBytes - shape.vocabulary * HEADER_BYTES_A_TOKEN),
    embeddingBytes: bytes(embedding),
    repackedBytes: bytes(0),
    source: `file of ${fileBytes} B less its header`,
  };
}
