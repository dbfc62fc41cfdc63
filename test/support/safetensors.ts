/** A safetensors file with these tensors, all zero: its head, and how long the whole is. */
export function safetensorsHead(
  tensors: Readonly<Record<string, {dtype: string; shape: readonly number[]; bytes: number}>>,
  metadata: Readonly<Record<string, string>> = {format: 'pt'},
): {head: Buffer; fileBytes: number} {
  let at = 0;
  const table: Record<string, unknown> = {__metadata__: metadata};
  for (const [name, {dtype, shape, bytes}] of Object.entries(tensors)) {
    table[name] = {dtype, shape, data_offsets: [at, at + bytes]};
    at += bytes;
  }
  const json = Buffer.from(JSON.stringify(table));
  // Padded to eight bytes with spaces, as the reference implementation does.
  const padded = Buffer.concat([json, Buffer.alloc(-json.length & 7, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return {head: Buffer.concat([length, padded]), fileBytes: 8 + padded.length + at};
}

/** The whole file in memory. */
export function safetensorsFile(...given: Parameters<typeof safetensorsHead>): Buffer {
  const {head, fileBytes} = safetensorsHead(...given);
  return Buffer.concat([head, Buffer.alloc(fileBytes - head.length)]);
}
