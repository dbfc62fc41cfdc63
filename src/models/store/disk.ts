import {statfs} from 'node:fs/promises';
import {dirname} from 'node:path';
import {systemCode} from '../../base/errors.ts';
import {mib} from '../../base/units.ts';
import {isDiskFull} from '../hubs/transfer.ts';
import {diskFull, folderNotWritable} from './errors.ts';

/** Beyond the file itself: journals, and not to fill somebody's disk to the last byte. */
const ROOM_TO_LEAVE = mib(64);

export async function freeBytes(folder: string): Promise<number> {
  const {bavail, bsize} = await statfs(folder);
  return bavail * bsize;
}

/** Throws `disk_full` when so many bytes would not fit. */
export async function checkRoom(folder: string, missingBytes: number): Promise<void> {
  const needed = missingBytes === 0 ? 0 : missingBytes + ROOM_TO_LEAVE;
  const free = await freeBytes(folder);
  if (free < needed) throw diskFull(folder, needed, free);
}

const NOT_WRITABLE = ['EACCES', 'EEXIST', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS'];

/** Runs what writes into the folder, and gives the disk's refusals the names that people understand. */
export async function namingTheDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The folder itself may be what could not be made; the one above it is there.
    if (isDiskFull(error)) throw diskFull(folder, 0, await freeBytes(dirname(folder)).catch(() => 0));
    throw NOT_WRITABLE.includes(systemCode(error) ?? '') ? folderNotWritable(folder, error) : error;
  }
}
