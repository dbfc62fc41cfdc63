import {open, stat, type FileHandle} from 'node:fs/promises';
import {StringDecoder} from 'node:string_decoder';
import {systemCode} from '../../../../base/errors.ts';

const CHUNK = 64 * 1024;
/** Oldest first, the current file last. */
const AGES = ['.2', '.1', ''];

/**
 * Reads what is appended to a log, also across its rotation: a file that was put away is read to its
 * end before the next one is begun. Begins at the end of what is there when it is opened.
 */
export class LogFollower implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | undefined;
  #inode: number | undefined;
  #position = 0;
  #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Skips what is there already. */
  async skipToEnd(): Promise<void> {
    if (!(await this.#openNext())) return;
    this.#position = (await this.#file?.stat())?.size ?? 0;
  }

  /** Whole lines that have appeared since the last call. */
  async read(): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      if (!this.#file && !(await this.#openNext())) return lines;
      lines.push(...(await this.#readOn()));
      if (!(await this.#wasPutAway())) return lines;
      // Whatever was written between the last read and the rename.
      lines.push(...(await this.#readOn()));
      await this.#close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #readOn(): Promise<string[]> {
    const chunk = Buffer.alloc(CHUNK);
    const lines: string[] = [];
    for (;;) {
      const read = await this.#file?.read(chunk, 0, CHUNK, this.#position);
      if (!read?.bytesRead) return lines;
      this.#position += read.bytesRead;
      const pieces = (this.#rest + this.#decoder.write(chunk.subarray(0, read.bytesRead))).split('\n');
      this.#rest = pieces.pop() ?? '';
      lines.push(...pieces);
    }
  }

  async #wasPutAway(): Promise<boolean> {
    const current = await inodeOf(this.#path);
    return current !== undefined && current !== this.#inode;
  }

  /** Opens the file after the one that was read last: the oldest that is newer than it. */
  async #openNext(): Promise<boolean> {
    const inodes = await Promise.all(AGES.map((age) => inodeOf(`${this.#path}${age}`)));
    const first = this.#inode === undefined ? AGES.length - 1 : inodes.indexOf(this.#inode) + 1;
    for (const age of AGES.slice(first)) {
      try {
        this.#file = await open(`${this.#path}${age}`, 'r');
      } catch (error) {
        if (systemCode(error) === 'ENOENT') continue;
        throw error;
      }
      this.#inode = (await this.#file.stat()).ino;
      this.#position = 0;
      return true;
    }
    return false;
  }

  async #close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#decoder = new StringDecoder('utf8');
    this.#rest = '';
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
