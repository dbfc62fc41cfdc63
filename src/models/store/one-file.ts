/** One file of weights on this disk: what it must be, whether it is, and what is remembered of it. */
import {rm, stat} from 'node:fs/promises';
import {extname} from 'node:path';
import {BerthError, systemCode} from '../../base/errors.ts';
import {bytes, type Bytes} from '../../base/units.ts';
import {weightsDamaged, weightsUnreadable} from '../damage.ts';
import {readGgufHeader} from '../gguf/read.ts';
import {sha256OfFile} from '../hubs/hash.ts';
import {partialBytes, removePartial} from '../hubs/partial.ts';
import type {Weights} from '../model.ts';
import {readSafetensorsHeader} from '../safetensors/read.ts';
import type {Memos} from './memo.ts';

/** What is on disk of a variant. `unverified`: never hashed, or touched since. */
export type OnDisk =
  | {state: 'absent'}
  | {state: 'partial'; haveBytes: Bytes}
  | {state: 'unverified'; path: string; totalBytes: Bytes}
  | ({state: 'verified'} & Weights);

export interface OneFile {
  path: string;
  /** What it must be, where that is known beforehand. */
  sha256?: string | undefined;
  /** A file of the user's own: whatever is in it is what it should be. */
  own: boolean;
}

interface Looking {
  signal?: AbortSignal | undefined;
  /** Told while it is hashed. */
  tell?: (doneBytes: number, totalBytes: number) => void;
}

export const partialOf = (path: string): string => `${path}.partial`;

export class OneFiles {
  readonly #memos: Memos;

  constructor(memos: Memos) {
    this.#memos = memos;
  }

  async look({path, own}: OneFile): Promise<OnDisk> {
    const memo = await this.#memos.valid(path);
    if (memo) return {state: 'verified', ...asWeights(path, memo)};
    const whole = await sizeOf(path);
    if (whole !== undefined) return {state: 'unverified', path, totalBytes: whole};
    const part = own ? undefined : await partialBytes(partialOf(path));
    return part === undefined ? {state: 'absent'} : {state: 'partial', haveBytes: part};
  }

  /** Hashes the file now. Undefined when it is not there, or nothing says what it must be. Throws `weights_damaged`. */
  async verify(file: OneFile, {signal, tell}: Looking = {}): Promise<Weights | undefined> {
    const {path} = file;
    const size = await sizeOf(path);
    if (size === undefined) return undefined;
    const wanted = await this.#wanted(file);
    const sha256 = await hashOf(path, (done) => tell?.(done, size), signal);
    if (wanted !== undefined && wanted !== sha256)
      throw weightsDamaged(path, (t) => t.models.damageOtherContent());
    await checkHeader(path);
    // A file that appeared beside the store's own doing is only believed when something says what it must be.
    if (!file.own && wanted === undefined) return undefined;
    return this.remember(path, sha256);
  }

  /** The file if it was verified and not touched since; hashes it again if it was. Damaged is not "have". */
  async find(file: OneFile, looking: Looking = {}): Promise<Weights | undefined> {
    const memo = await this.#memos.valid(file.path);
    if (memo && (file.sha256 === undefined || memo.sha256 === file.sha256)) return asWeights(file.path, memo);
    if (file.own) return this.verify(file, looking);
    try {
      return await this.verify(file, looking);
    } catch (error) {
      if (error instanceof BerthError && error.code === 'weights_damaged') return undefined;
      throw error;
    }
  }

  async remember(path: string, sha256: string): Promise<Weights> {
    return asWeights(path, await this.#memos.remember(path, sha256));
  }

  /** Removes the file, what is here of it in part, and what is remembered; the bytes that became free. */
  async remove(path: string): Promise<Bytes> {
    await this.#memos.forget(path);
    const freed = ((await sizeOf(path)) ?? 0) + ((await partialBytes(partialOf(path))) ?? 0);
    await rm(path, {force: true});
    await removePartial(partialOf(path));
    return bytes(freed);
  }

  async #wanted({path, sha256, own}: OneFile): Promise<string | undefined> {
    if (own) return undefined;
    return sha256 ?? (await this.#memos.last(path))?.sha256;
  }
}

async function hashOf(
  path: string,
  tell: (doneBytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    return await sha256OfFile(path, tell, signal);
  } catch (error) {
    throw systemCode(error) === 'EACCES' ? weightsUnreadable(path, error) : error;
  }
}

/** A file can have the right hash by a hub's own word and still be no model: its header is read too. */
async function checkHeader(path: string): Promise<void> {
  switch (extname(path).toLowerCase()) {
    case '.gguf':
      await readGgufHeader(path);
      return;
    case '.safetensors':
      await readSafetensorsHeader(path);
  }
}

const asWeights = (path: string, memo: {totalBytes: number; sha256: string}): Weights => ({
  path,
  totalBytes: bytes(memo.totalBytes),
  sha256: memo.sha256,
});

/** Bytes of a file; undefined when there is none. */
export async function sizeOf(path: string): Promise<Bytes | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? bytes(found.size) : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
