import {createHash} from 'node:crypto';
import {closeSync, openSync, readSync, statSync} from 'node:fs';

/** A file that the double has. */
export interface FakeFile {
  size: number;
  sha256: string;
  /** What git calls it. */
  gitHash: string;
  /** Kept in LFS, as large files are; a small one lies in git itself, and its SHA-256 is not told. */
  lfs: boolean;
  read(start: number, end: number): Uint8Array;
}

export const inMemory = (content: Uint8Array, {lfs = true} = {}): FakeFile => ({
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  gitHash: createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex'),
  lfs,
  read: (start, end) => content.subarray(start, end),
});

/** A file on the disk that may be larger than memory; nobody hashes it, so its hash is said. */
export function onDisk(path: string, sha256: string): FakeFile & Disposable {
  const fd = openSync(path, 'r');
  return {
    size: statSync(path).size,
    sha256,
    gitHash: sha256.slice(0, 40),
    lfs: true,
    read: (start, end) => {
      const piece = Buffer.alloc(end - start);
      return piece.subarray(0, readSync(fd, piece, 0, piece.length, start));
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

/** The same file with every byte changed, under the same name and hash: what a lying hub sends. */
export const spoiled = (file: FakeFile): FakeFile => ({
  ...file,
  read: (start, end) => file.read(start, end).map((byte) => byte ^ 1),
});
