/** Parses the head of a GGUF file that lies in memory, trusting nothing it says. */
import {bytes, type Bytes} from '../../base/units.ts';
import {Damage, implausible} from '../damage.ts';
import {OutOfBytes} from '../header/source.ts';
import {align, DEFAULT_ALIGNMENT, MAGIC, tensorType, ValueType} from './format.ts';
import type {GgufHeader, GgufTensor, GgufValue} from './header.ts';

/** Above these a file is hostile or broken, not large: real ones have tens of keys and hundreds of tensors. */
const MOST_KEYS = 16_384;
const MOST_TENSORS = 65_536;
const LONGEST_STRING = 2 ** 24;
const LONGEST_KEY = 2 ** 16;
const MOST_DIMENSIONS = 4;
/** Longer arrays (vocabulary, merges) are walked but not kept. */
const LONGEST_KEPT_ARRAY = 1024;

export function parseHeader(head: Uint8Array, fileBytes: number): GgufHeader {
  const reader = new Reader(head);
  if (head.length < 4) throw new Damage((t) => t.models.damageNotGguf());
  if (reader.uint32() !== MAGIC) throw new Damage((t) => t.models.damageNotGguf());
  checkVersion(reader.uint32());
  const tensorCount = reader.count('tensor_count', MOST_TENSORS);
  const keyCount = reader.count('metadata_kv_count', MOST_KEYS);
  const metadata = readMetadata(reader, keyCount);
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || alignment < 1 || !Number.isInteger(Math.log2(alignment))) {
    throw implausible('general.alignment', JSON.stringify(alignment));
  }
  const architecture = metadata.get('general.architecture');
  if (typeof architecture !== 'string') throw implausible('general.architecture', '-');
  const {tensors, dataBytes} = readTensors(reader, tensorCount, alignment);
  if (align(reader.at, alignment) + dataBytes > fileBytes)
    throw new Damage((t) => t.models.damageTruncated());
  return {architecture, metadata, tensors, ...totals(tensors), fileBytes: bytes(fileBytes)};
}

function checkVersion(version: number): void {
  if (version === 2 || version === 3) return;
  // A big-endian file has its small version number in the high bytes.
  if ((version & 0xffff) === 0) throw new Damage((t) => t.models.damageWrongEndian());
  throw new Damage((t) => t.models.damageVersion({version}));
}

function readMetadata(reader: Reader, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < count; index++) {
    const key = reader.string(LONGEST_KEY);
    const type = reader.uint32();
    if (metadata.has(key)) throw implausible(key, 'twice');
    metadata.set(key, type === ValueType.array ? readArray(reader, key) : readScalar(reader, type, key));
  }
  return metadata;
}

function readArray(reader: Reader, key: string): GgufValue {
  const type = reader.uint32();
  const length = reader.count(key, 2 ** 32);
  if (length > LONGEST_KEPT_ARRAY) {
    skipArray(reader, type, length, key);
    return {length};
  }
  return Array.from({length}, () => readScalar(reader, type, key));
}

function skipArray(reader: Reader, type: number, length: number, key: string): void {
  if (type === ValueType.string) for (let index = 0; index < length; index++) reader.skipString();
  else {
    const before = reader.at;
    readScalar(reader, type, key);
    reader.skip((reader.at - before) * (length - 1));
  }
}

function readScalar(reader: Reader, type: number, key: string): GgufValue {
  switch (type) {
    case ValueType.uint8:
      return reader.uint8();
    case ValueType.int8:
      return (reader.uint8() << 24) >> 24;
    case ValueType.uint16:
      return reader.uint16();
    case ValueType.int16:
      return (reader.uint16() << 16) >> 16;
    case ValueType.uint32:
      return reader.uint32();
    case ValueType.int32:
      return reader.uint32() | 0;
    case ValueType.float32:
      return reader.float32();
    case ValueType.bool:
      return reader.uint8() !== 0;
    case ValueType.string:
      return reader.string(LONGEST_STRING);
    case ValueType.uint64:
    case ValueType.int64:
      return Number(BigInt.asIntN(64, reader.uint64()));
    case ValueType.float64:
      return reader.float64();
    default:
      throw implausible(key, `type ${type}`);
  }
}

function readTensors(
  reader: Reader,
  count: number,
  alignment: number,
): {tensors: GgufTensor[]; dataBytes: number} {
  const tensors: GgufTensor[] = [];
  const names = new Set<string>();
  let expected = 0;
  for (let index = 0; index < count; index++) {
    const {tensor, offset} = readTensor(reader);
    if (names.has(tensor.name)) throw implausible(tensor.name, 'twice');
    names.add(tensor.name);
    // llama.cpp insists on this too: tensors lie one after another in the order of the table.
    if (offset !== expected) throw implausible(tensor.name, `offset ${offset}`);
    expected += align(tensor.totalBytes, alignment);
    tensors.push(tensor);
  }
  // The padding after the last tensor may be missing.
  const last = tensors.at(-1);
  const padding = last ? align(last.totalBytes, alignment) - last.totalBytes : 0;
  return {tensors, dataBytes: expected - padding};
}

function readTensor(reader: Reader): {tensor: GgufTensor; offset: number} {
  const name = reader.string(LONGEST_KEY);
  const dimensions = reader.uint32();
  if (dimensions > MOST_DIMENSIONS) throw implausible(name, `${dimensions} dimensions`);
  const shape = Array.from({length: dimensions}, () => reader.count(name, Number.MAX_SAFE_INTEGER));
  const typeId = reader.uint32();
  const type = tensorType(typeId);
  if (!type) throw implausible(name, `type ${typeId}`);
  const elements = shape.reduce((product, length) => product * length, 1);
  const columns = shape[0] ?? 1;
  if (!Number.isSafeInteger(elements * type.blockBytes) || columns % type.blockElements !== 0) {
    throw implausible(name, shape.join(' x '));
  }
  const totalBytes = bytes((elements / type.blockElements) * type.blockBytes);
  const offset = reader.count(name, Number.MAX_SAFE_INTEGER);
  return {tensor: {name, type, shape, elements, totalBytes}, offset};
}

function totals(tensors: readonly GgufTensor[]) {
  const bytesByType: Record<string, Bytes> = {};
  let parameters = 0;
  let tensorBytes = 0;
  for (const {type, elements, totalBytes} of tensors) {
    parameters += elements;
    tensorBytes += totalBytes;
    bytesByType[type.name] = bytes((bytesByType[type.name] ?? 0) + totalBytes);
  }
  return {parameters, tensorBytes: bytes(tensorBytes), bytesByType};
}

/** Takes values off the front of the bytes, and says when there are too few. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(head: Uint8Array) {
    this.#bytes = head;
    this.#view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  }

  #take(count: number): number {
    const at = this.at;
    if (at + count > this.#bytes.length) throw new OutOfBytes();
    this.at += count;
    return at;
  }

  uint8 = (): number => this.#view.getUint8(this.#take(1));
  uint16 = (): number => this.#view.getUint16(this.#take(2), true);
  uint32 = (): number => this.#view.getUint32(this.#take(4), true);
  uint64 = (): bigint => this.#view.getBigUint64(this.#take(8), true);
  float32 = (): number => this.#view.getFloat32(this.#take(4), true);
  float64 = (): number => this.#view.getFloat64(this.#take(8), true);

  /** A 64-bit count that must not exceed `most`. */
  count(field: string, most: number): number {
    const value = this.uint64();
    if (value > BigInt(most)) throw implausible(field, value.toString());
    return Number(value);
  }

  string(longest: number): string {
    const length = this.count('string', longest);
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  skipString = (): void => this.skip(this.count('string', LONGEST_STRING));

  skip(count: number): void {
    this.#take(count);
  }
}
