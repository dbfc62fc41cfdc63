/** Bytes of a file that need not be here: a header is read from its front, as far as it goes. */
import {open} from 'node:fs/promises';
import {systemCode} from '../../base/errors.ts';
import {Damage, weightsDamaged, weightsMissing, weightsUnreadable} from '../damage.ts';

export interface HeadSource {
  /** Bytes of the whole file; known after the first `head`. */
  readonly fileBytes: number;
  /** The first `count` bytes, fewer when the file is shorter. */
  head(count: number): Promise<Uint8Array>;
}

/** The header goes on past the bytes that were given. */
export class OutOfBytes extends Error {}

/**
 * Parses ever longer heads until the header is whole. `lengths` are the bytes to try with; a header that
 * goes on past the last is damage.
 */
export async function parseGrowing<T>(
  source: HeadSource,
  lengths: readonly number[],
  parse: (head: Uint8Array, fileBytes: number) => T,
): Promise<T> {
  for (const length of lengths) {
    const head = await source.head(length);
    try {
      return parse(head, source.fileBytes);
    } catch (error) {
      if (!(error instanceof OutOfBytes)) throw error;
      if (head.length >= source.fileBytes || head.length < length)
        throw new Damage((t) => t.models.damageTruncated());
    }
  }
  throw new Damage((t) => t.models.damageHeaderTooLong());
}

/** Lengths that grow fourfold, from 1 MiB: little is read of most files, and no file is read often. */
export function growingLengths(largest: number): number[] {
  const lengths: number[] = [];
  for (let length = 2 ** 20; length < largest; length *= 4) lengths.push(length);
  return [...lengths, largest];
}

/** Reads a header of a file on this disk. Throws `weights_damaged`, `weights_missing` or `weights_unreadable`. */
export async function fromDisk<T>(path: string, read: (source: HeadSource) => Promise<T>): Promise<T> {
  try {
    await using file = await open(path, 'r');
    const {size} = await file.stat();
    return await read({
      fileBytes: size,
      head: async (count) => {
        const head = Buffer.alloc(Math.min(count, size));
        const {bytesRead} = await file.read(head, 0, head.length, 0);
        return head.subarray(0, bytesRead);
      },
    });
  } catch (error) {
    if (error instanceof Damage) throw weightsDamaged(path, error.why);
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'EISDIR') throw weightsMissing(path);
    throw code === 'EACCES' ? weightsUnreadable(path, error) : error;
  }
}
