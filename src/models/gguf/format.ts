/**
 * The GGUF container, version 3, as llama.cpp reads it: `GGUF`, version, counts, metadata, tensor table,
 * padding, tensor data. Little-endian throughout.
 */

/** `GGUF`, read as a little-endian 32-bit number. */
export const MAGIC = 0x46554747;
export const VERSION = 3;

/** Tensor data starts at, and each tensor is padded to, a multiple of this many bytes unless the file says otherwise. */
export const DEFAULT_ALIGNMENT = 32;

/** Ids of metadata value types. */
export const ValueType = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;

export interface TensorType {
  id: number;
  name: string;
  /** Elements in one block; a row is a whole number of blocks. */
  blockElements: number;
  /** Bytes of one block. */
  blockBytes: number;
}

const type = (id: number, name: string, blockElements: number, blockBytes: number): TensorType => ({
  id,
  name,
  blockElements,
  blockBytes,
});

/** Every element type that ggml can store, by its id. Source: ggml's type traits. */
export const TENSOR_TYPES: readonly TensorType[] = [
  type(0, 'F32', 1, 4),
  type(1, 'F16', 1, 2),
  type(2, 'Q4_0', 32, 18),
  type(3, 'Q4_1', 32, 20),
  type(6, 'Q5_0', 32, 22),
  type(7, 'Q5_1', 32, 24),
  type(8, 'Q8_0', 32, 34),
  type(9, 'Q8_1', 32, 36),
  type(10, 'Q2_K', 256, 84),
  type(11, 'Q3_K', 256, 110),
  type(12, 'Q4_K', 256, 144),
  type(13, 'Q5_K', 256, 176),
  type(14, 'Q6_K', 256, 210),
  type(15, 'Q8_K', 256, 292),
  type(16, 'IQ2_XXS', 256, 66),
  type(17, 'IQ2_XS', 256, 74),
  type(18, 'IQ3_XXS', 256, 98),
  type(19, 'IQ1_S', 256, 50),
  type(20, 'IQ4_NL', 32, 18),
  type(21, 'IQ3_S', 256, 110),
  type(22, 'IQ2_S', 256, 82),
  type(23, 'IQ4_XS', 256, 136),
  type(24, 'I8', 1, 1),
  type(25, 'I16', 1, 2),
  type(26, 'I32', 1, 4),
  type(27, 'I64', 1, 8),
  type(28, 'F64', 1, 8),
  type(29, 'IQ1_M', 256, 56),
  type(30, 'BF16', 1, 2),
  type(34, 'TQ1_0', 256, 54),
  type(35, 'TQ2_0', 256, 66),
  type(39, 'MXFP4', 32, 17),
];

export const tensorType = (id: number): TensorType | undefined => TENSOR_TYPES.find((each) => each.id === id);

/** The next multiple of `alignment` at or above `offset`. */
export const align = (offset: number, alignment: number): number => Math.ceil(offset / alignment) * alignment;
