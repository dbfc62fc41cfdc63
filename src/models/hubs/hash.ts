import {createHash, type Hash} from 'node:crypto';
import {open} from 'node:fs/promises';

/** SHA-256 of a file as it lies on the disk, in hex. */
export function sha256OfFile(
  path: string,
  tell: (doneBytes: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<string> {
  return hashFile(path, () => createHash('sha256'), tell, signal);
}

/** What git calls a file's content: SHA-1 over its length and its bytes, in hex. */
export const gitHashOfFile = (path: string): Promise<string> =>
  hashFile(path, (size) => createHash('sha1').update(`blob ${size}\0`));

async function hashFile(
  path: string,
  begin: (size: number) => Hash,
  tell: (doneBytes: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<string> {
  const piece = Buffer.allocUnsafe(2 ** 22);
  await using file = await open(path, 'r');
  const hash = begin((await file.stat()).size);
  for (let done = 0; ;) {
    signal?.throwIfAborted();
    const {bytesRead} = await file.read(piece, 0, piece.length, done);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
    done += bytesRead;
    tell(done);
  }
}
