import {createReadStream} from 'node:fs';
import {mkdir, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {systemCode} from '../../base/errors.ts';
import {writeAtomically} from '../../base/files.ts';
import {bytes} from '../../base/units.ts';
import type {HostFiles, LargeFile} from '../host.ts';
import {explainUnwritable} from '../state-folder.ts';

const PRIVATE_FOLDER = 0o700;

/** Small files of state on this machine. */
export const localFiles: HostFiles = {
  read: (path) => orUndefined(readFile(path, 'utf8')),
  write: (path, content, mode) =>
    explainUnwritable(path, async () => {
      await mkdir(dirname(path), {recursive: true, mode: PRIVATE_FOLDER});
      await writeAtomically(path, content, mode);
    }),
  claimFolder: (path) =>
    explainUnwritable(path, async () => {
      await mkdir(dirname(path), {recursive: true, mode: PRIVATE_FOLDER});
      try {
        await mkdir(path, {mode: PRIVATE_FOLDER});
        return true;
      } catch (error) {
        if (systemCode(error) === 'EEXIST') return false;
        throw error;
      }
    }),
  move: (from, to) => explainUnwritable(to, () => rename(from, to)),
  list: async (path) => ((await orUndefined(readdir(path))) ?? []).sort(),
  remove: (path) => explainUnwritable(path, () => rm(path, {recursive: true, force: true})),
};

export async function localLargeFile(path: string): Promise<LargeFile | undefined> {
  const found = await orUndefined(stat(path));
  if (!found?.isFile()) return undefined;
  return {
    totalBytes: bytes(found.size),
    read: (start, end) => Promise.resolve(createReadStream(path, {start, end: end - 1})),
  };
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
