import {createHash} from 'node:crypto';

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

/** The same file with every byte changed, under the same name and hash: what a lying hub sends. */
export const spoiled = (file: FakeFile): FakeFile => ({
  ...file,
  read: (start, end) => file.read(start, end).map((byte) => byte ^ 1),
});
