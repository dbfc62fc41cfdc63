import {createHash} from 'node:crypto';
import {open} from 'node:fs/promises';

/** SHA-256 of a file as it lies on the disk, in hex. */
export async function sha256OfFile(
  path: string,
  tell: (doneBytes: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(2 ** 22);
  await using file = await open(path, 'r');
  for (let done = 0; ;) {
    signal?.throwIfAborted();
    const {bytesRead} = await file.read(piece, 0, piece.length, done);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
    done += bytesRead;
    tell(done);
  }
}
