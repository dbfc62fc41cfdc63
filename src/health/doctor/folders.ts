import {mkdtemp, rmdir, stat, statfs} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {describeError, systemCode} from '../../base/errors.ts';
import {bytes, type Bytes} from '../../base/units.ts';

/** The folder, or the nearest above it that exists. */
async function existing(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    return existing(dirname(folder));
  }
}

/** Why nothing could be written there, found by really writing; undefined when something could. */
export async function writableProblem(folder: string): Promise<string | undefined> {
  try {
    await rmdir(await mkdtemp(join(await existing(folder), '.berth-doctor-')));
    return undefined;
  } catch (error) {
    return systemCode(error) ?? describeError(error);
  }
}

/** Bytes that this user can still write where the folder is or would be; 0 when that cannot be told. */
export async function freeSpace(folder: string): Promise<Bytes> {
  try {
    const {bavail, bsize} = await statfs(await existing(folder));
    return bytes(bavail * bsize);
  } catch (error) {
    // The check of the folders names the cause; here it only means that there is no room.
    if (systemCode(error) !== undefined) return bytes(0);
    throw error;
  }
}
