/** Remembers that a file was hashed, so that gigabytes are not read again at every start. */
import {createHash} from 'node:crypto';
import {mkdir, rm, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {z} from 'zod';
import {systemCode} from '../../base/errors.ts';
import {readJson, writeJson} from '../../base/files.ts';

/** A file of the store as it was when it was last hashed. */
export const Memo = z.object({
  path: z.string(),
  sha256: z.string(),
  totalBytes: z.number(),
  modifiedAtMs: z.number(),
  inode: z.number(),
});
export type Memo = z.infer<typeof Memo>;

/** Where the store in `folder` remembers the file at `path`. */
export const memoFile = (folder: string, path: string): string =>
  join(folder, 'verified', `${createHash('sha256').update(path).digest('hex').slice(0, 24)}.json`);

export class Memos {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #fileOf = (path: string): string => memoFile(this.#folder, path);

  /** What the file's content was when it was last hashed, whether or not it is still the same. */
  async last(path: string): Promise<Memo | undefined> {
    // A damaged memo is as good as none: the file is hashed again.
    return readJson(this.#fileOf(path), Memo).catch(() => undefined);
  }

  /** The memo, if the file has not been touched since. */
  async valid(path: string): Promise<Memo | undefined> {
    const [memo, now] = await Promise.all([this.last(path), stateOf(path)]);
    const same =
      memo?.path === path &&
      memo.totalBytes === now?.totalBytes &&
      memo.modifiedAtMs === now.modifiedAtMs &&
      memo.inode === now.inode;
    return same ? memo : undefined;
  }

  async remember(path: string, sha256: string): Promise<Memo> {
    const now = await stateOf(path);
    if (!now) throw new Error(`${path} vanished while it was verified`);
    const memo = {path, sha256, ...now};
    const file = this.#fileOf(path);
    await mkdir(dirname(file), {recursive: true});
    await writeJson(file, memo);
    return memo;
  }

  forget = (path: string): Promise<void> => rm(this.#fileOf(path), {force: true});
}

async function stateOf(
  path: string,
): Promise<Pick<Memo, 'totalBytes' | 'modifiedAtMs' | 'inode'> | undefined> {
  try {
    const {size, mtimeMs, ino} = await stat(path);
    return {totalBytes: size, modifiedAtMs: mtimeMs, inode: ino};
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
