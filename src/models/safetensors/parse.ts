/**
 * Parses the head of a safetensors file that lies in memory, trusting nothing it says: eight bytes of length, then
 * JSON that gives each tensor's type, shape and place, then the tensors one after another to the end of the file.
 */
import {z} from 'zod';
import {bytes, type Bytes} from '../../base/units.ts';
import {Damage, implausible} from '../damage.ts';
import {OutOfBytes} from '../header/source.ts';
import type {SafetensorsHeader, SafetensorsTensor} from './header.ts';

/** What the reference implementation allows. */
const LONGEST_HEADER = 100_000_000;
/** Real ones have thousands at most. */
const MOST_TENSORS = 262_144;
const MOST_DIMENSIONS = 8;

/** Bits of one element. Source: safetensors' dtype table. */
const BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

const count = z.int().min(0);
const Tensor = z.object({
  dtype: z.string(),
  shape: z.array(count).max(MOST_DIMENSIONS),
  data_offsets: z.tuple([count, count]),
});
const Metadata = z.record(z.string(), z.string());

export function parseSafetensors(head: Uint8Array, fileBytes: number): SafetensorsHeader {
  if (head.length < 8) throw new Damage((t) => t.models.damageNotSafetensors());
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  // A web page or another format, read as a length, is astronomical.
  if (length > BigInt(LONGEST_HEADER) || length < 2n)
    throw new Damage((t) => t.models.damageNotSafetensors());
  const end = 8 + Number(length);
  if (end > fileBytes) throw new Damage((t) => t.models.damageTruncated());
  if (end > head.length) throw new OutOfBytes();
  return readTable(readObject(head.subarray(8, end)), end, fileBytes);
}

function readObject(text: Uint8Array): Map<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(text));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return new Map(Object.entries(parsed));
  } catch {
    // Not UTF-8, not JSON, or nested without end: all the same to who wants to load it.
  }
  throw new Damage((t) => t.models.damageNotSafetensors());
}

function readTable(table: Map<string, unknown>, dataStart: number, fileBytes: number): SafetensorsHeader {
  const metadata = Metadata.safeParse(table.get('__metadata__') ?? {});
  if (!metadata.success) throw implausible('__metadata__', 'no texts');
  table.delete('__metadata__');
  if (table.size > MOST_TENSORS) throw implausible('tensors', String(table.size));
  const placed = [...table].map(([name, value]) => readTensor(name, value)).sort((a, b) => a.start - b.start);
  const bytesByType: Record<string, Bytes> = {};
  let expected = 0;
  for (const {tensor, start, end} of placed) {
    // No holes and no overlaps: what is not described could be anything.
    if (start !== expected) throw implausible(tensor.name, `offset ${start}`);
    expected = end;
    bytesByType[tensor.type] = bytes((bytesByType[tensor.type] ?? 0) + tensor.totalBytes);
  }
  if (dataStart + expected > fileBytes) throw new Damage((t) => t.models.damageTruncated());
  if (dataStart + expected < fileBytes)
    throw implausible('data', `${fileBytes - dataStart - expected} bytes too many`);
  return {
    metadata: new Map(Object.entries(metadata.data)),
    tensors: placed.map(({tensor}) => tensor),
    bytesByType,
    tensorBytes: bytes(expected),
    fileBytes: bytes(fileBytes),
  };
}

function readTensor(name: string, value: unknown): {tensor: SafetensorsTensor; start: number; end: number} {
  const parsed = Tensor.safeParse(value);
  if (!parsed.success) throw implausible(name, JSON.stringify(value));
  const {
    dtype,
    shape,
    data_offsets: [start, end],
  } = parsed.data;
  const bits = Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;
  if (bits === undefined) throw implausible(name, `type ${dtype}`);
  const elements = shape.reduce((product, each) => product * each, 1);
  const size = (elements * bits) / 8;
  if (!Number.isSafeInteger(elements * bits) || !Number.isInteger(size) || end - start !== size) {
    throw implausible(name, `${shape.join(' x ')} in ${end - start} bytes`);
  }
  return {tensor: {name, type: dtype, shape, elements, totalBytes: bytes(size)}, start, end};
}
