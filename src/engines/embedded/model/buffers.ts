/** A buffer that llama.cpp took, as it says so itself while it loads. */
export interface Buffer {
  /** `model` is weights, `KV` the cache, `compute` the scratch space of a graph, `output` the logits. */
  use: 'model' | 'KV' | 'compute' | 'output';
  /** Where: `CPU`, `CPU_Mapped` (the file itself), `CPU_REPACK` (weights in another order), `CUDA0`. */
  place: string;
  mib: number;
}

const SIZE = /(\S+)\s+(model|KV|compute|output) buffer size\s*=\s*(\d+(?:\.\d+)?) MiB/;

/** The buffer that a line of llama.cpp's log tells of, if it tells of one. */
export function bufferIn(line: string): Buffer | undefined {
  const [, place, use, size] = SIZE.exec(line) ?? [];
  if (place === undefined || use === undefined) return undefined;
  return {use: use as Buffer['use'], place, mib: Number(size)};
}
