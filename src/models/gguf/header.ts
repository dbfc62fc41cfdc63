import type {Bytes} from '../../base/units.ts';
import type {TensorType} from './format.ts';

export type GgufValue = number | string | boolean | readonly GgufValue[] | LongArray;

/** An array too long to be kept, such as the vocabulary. */
interface LongArray {
  length: number;
}

export interface GgufTensor {
  name: string;
  type: TensorType;
  /** Elements in each dimension, the row's first. */
  shape: readonly number[];
  elements: number;
  totalBytes: Bytes;
}

export interface GgufHeader {
  /** `qwen3`: also the prefix of the model's own metadata keys. */
  architecture: string;
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: readonly GgufTensor[];
  /** Exact: elements of all tensors. */
  parameters: number;
  /** Exact, by type name (`Q4_K`). */
  bytesByType: Readonly<Record<string, Bytes>>;
  tensorBytes: Bytes;
  fileBytes: Bytes;
}

/** A number from the model's own metadata, `block_count`; undefined when it is not there or no number. */
export function modelNumber(header: GgufHeader, key: string): number | undefined {
  const value = header.metadata.get(`${header.architecture}.${key}`);
  return typeof value === 'number' ? value : undefined;
}
