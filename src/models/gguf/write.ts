/** Writes GGUF files piece by piece, so that a large one never stands in memory whole. */
import {align, DEFAULT_ALIGNMENT, MAGIC, TENSOR_TYPES, ValueType, VERSION} from './format.ts';

export type MetadataValue =
  | {type: 'uint32'; value: number}
  | {type: 'float32'; value: number}
  | {type: 'bool'; value: boolean}
  | {type: 'string'; value: string}
  | {type: 'strings'; value: readonly string[]}
  | {type: 'int32s'; value: readonly number[]};

/** Of `Q4_K` only zeros can be written: enough for what a bench model does not use. */
export type WritableType = 'F32' | 'F16' | 'Q8_0' | 'Q4_K';

/** A tensor whose rows are made when they are written. */
export interface TensorPlan {
  name: string;
  type: WritableType;
  /** Elements of one row: a multiple of the type's block. */
  columns: number;
  /** Undefined for a vector. */
  rows?: number;
  /** Puts the row's elements into `into`, which is all zero. */
  fill(row: number, into: Float32Array): void;
}

export interface GgufPlan {
  metadata: readonly (readonly [key: string, value: MetadataValue])[];
  tensors: readonly TensorPlan[];
}

/** The file's bytes in order, in pieces of about 1 MiB. The same plan always gives the same bytes. */
export function* ggufBytes(plan: GgufPlan): Generator<Uint8Array, void, undefined> {
  const header = new ByteSink();
  header.uint32(MAGIC);
  header.uint32(VERSION);
  header.uint64(plan.tensors.length);
  header.uint64(plan.metadata.length);
  for (const [key, value] of plan.metadata) {
    header.string(key);
    putValue(header, value);
  }
  let offset = 0;
  for (const tensor of plan.tensors) {
    const shape = tensor.rows === undefined ? [tensor.columns] : [tensor.columns, tensor.rows];
    header.string(tensor.name);
    header.uint32(shape.length);
    for (const length of shape) header.uint64(length);
    header.uint32(typeOf(tensor).id);
    header.uint64(offset);
    offset += align(rowBytes(tensor) * (tensor.rows ?? 1), DEFAULT_ALIGNMENT);
  }
  header.pad(DEFAULT_ALIGNMENT);
  yield header.take();
  for (const tensor of plan.tensors) yield* tensorBytes(tensor);
}

const typeOf = (tensor: TensorPlan) => {
  const found = TENSOR_TYPES.find((each) => each.name === tensor.type);
  if (!found) throw new RangeError(`no tensor type ${tensor.type}`);
  return found;
};

const rowBytes = (tensor: TensorPlan): number => {
  const {blockElements, blockBytes} = typeOf(tensor);
  return (tensor.columns / blockElements) * blockBytes;
};

const PIECE = 2 ** 20;

function* tensorBytes(tensor: TensorPlan): Generator<Uint8Array, void, undefined> {
  const rows = tensor.rows ?? 1;
  const size = rowBytes(tensor);
  const rowsInPiece = Math.max(1, Math.floor(PIECE / size));
  const row = new Float32Array(tensor.columns);
  for (let first = 0; first < rows; first += rowsInPiece) {
    const count = Math.min(rowsInPiece, rows - first);
    const last = first + count === rows;
    const used = count * size;
    const piece = new Uint8Array(last ? align(used, DEFAULT_ALIGNMENT) : used);
    const view = new DataView(piece.buffer);
    for (let index = 0; index < count; index++) {
      row.fill(0);
      tensor.fill(first + index, row);
      encodeRow(tensor.type, row, view, index * size);
    }
    yield piece;
  }
}

function encodeRow(type: WritableType, row: Float32Array, into: DataView, at: number): void {
  switch (type) {
    case 'F32':
      row.forEach((value, column) => value !== 0 && into.setFloat32(at + column * 4, value, true));
      return;
    case 'F16':
      row.forEach((value, column) => value !== 0 && into.setFloat16(at + column * 2, value, true));
      return;
    case 'Q8_0':
      for (let first = 0, block = at; first < row.length; first += 32, block += 34) {
        encodeQ8Block(row.subarray(first, first + 32), into, block);
      }
      return;
    case 'Q4_K':
      if (row.some((value) => value !== 0)) throw new RangeError('only zeros can be written as Q4_K');
  }
}

/** One scale in half precision, then 32 signed bytes. Source: ggml's quantize_row_q8_0. */
function encodeQ8Block(values: Float32Array, into: DataView, at: number): void {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
  if (scale === 0) return;
  into.setFloat16(at, scale, true);
  values.forEach((value, index) => into.setInt8(at + 2 + index, Math.round(value / scale)));
}

function putValue(sink: ByteSink, value: MetadataValue): void {
  switch (value.type) {
    case 'uint32':
      sink.uint32(ValueType.uint32);
      sink.uint32(value.value);
      return;
    case 'float32':
      sink.uint32(ValueType.float32);
      sink.float32(value.value);
      return;
    case 'bool':
      sink.uint32(ValueType.bool);
      sink.uint8(value.value ? 1 : 0);
      return;
    case 'string':
      sink.uint32(ValueType.string);
      sink.string(value.value);
      return;
    case 'strings':
      sink.uint32(ValueType.array);
      sink.uint32(ValueType.string);
      sink.uint64(value.value.length);
      for (const text of value.value) sink.string(text);
      return;
    case 'int32s':
      sink.uint32(ValueType.array);
      sink.uint32(ValueType.int32);
      sink.uint64(value.value.length);
      for (const number of value.value) sink.int32(number);
  }
}

/** Bytes that grow at the end. */
class ByteSink {
  #bytes = new Uint8Array(65_536);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  uint8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value, true);
  }

  uint64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, BigInt(value), true);
  }

  float32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setFloat32(at, value, true);
  }

  string(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.uint64(encoded.length);
    const at = this.#reserve(encoded.length);
    this.#bytes.set(encoded, at);
  }

  pad(alignment: number): void {
    this.#reserve(align(this.#length, alignment) - this.#length);
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
