import {randomBytes} from 'node:crypto';
import {posix} from 'node:path';
import ssh2 from 'ssh2';
import type {SFTPWrapper} from 'ssh2';
import {systemCode} from '../../base/errors.ts';
import type {HostFiles} from '../host.ts';
import {explainUnwritable} from '../state-folder.ts';
import type {SshConnection} from './connection.ts';

const {STATUS_CODE} = ssh2.utils.sftp;
const PRIVATE_FOLDER = 0o700;
/** To make a folder that others make and remove meanwhile. */
const MOST_TRIES = 10;

/** Small files of state on a host, over its one SFTP session. */
export function sftpFiles(connection: SshConnection): HostFiles {
  const run = <T>(work: (sftp: SFTPWrapper) => Promise<T>, how: 'once' | 'again'): Promise<T> =>
    connection.withSftp(work, how);
  // Folders are made as they are needed: that one is missing means that a file stands in its place.
  const write = <T>(
    path: string,
    work: (sftp: SFTPWrapper) => Promise<T>,
    how: 'once' | 'again',
    missing = 'ENOTDIR',
  ): Promise<T> =>
    explainUnwritable(path, () => run((sftp) => naming(sftp, path, missing, () => work(sftp)), how));
  return {
    read: (path) => run((sftp) => orUndefined(readText(sftp, path)), 'again'),
    write: (path, content, mode) => write(path, (sftp) => replace(sftp, path, content, mode), 'again'),
    // Claiming and moving twice is not the same as once: whoever lost the connection just then is told.
    claimFolder: (path) => write(path, (sftp) => claim(sftp, path), 'once'),
    move: (from, to) =>
      write(to, (sftp) => call((done) => sftp.ext_openssh_rename(from, to, done)), 'once', 'ENOENT'),
    list: (path) => run(async (sftp) => (await namesIn(sftp, path)).sort(), 'again'),
    remove: (path) => write(path, (sftp) => removeAll(sftp, path), 'again'),
  };
}

async function readText(sftp: SFTPWrapper, path: string): Promise<string> {
  const content = await answer<Buffer>((done) => sftp.readFile(path, done));
  return content.toString('utf8');
}

/** Readers see the old bytes or the new ones. SFTP cannot sync the folder: a power cut may bring the old ones back. */
async function replace(sftp: SFTPWrapper, path: string, content: string, mode = 0o600): Promise<void> {
  await makeFolders(sftp, posix.dirname(path));
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await answer<Buffer>((done) => sftp.open(temporary, 'wx', {mode}, done));
    try {
      await writeAll(sftp, file, Buffer.from(content));
      await call((done) => sftp.ext_openssh_fsync(file, done));
    } finally {
      await call((done) => sftp.close(file, done));
    }
    await call((done) => sftp.ext_openssh_rename(temporary, path, done));
  } catch (error) {
    // The first failure says why; that of cleaning up says nothing more.
    await call((done) => sftp.unlink(temporary, done)).catch(() => undefined);
    throw error;
  }
}

async function writeAll(sftp: SFTPWrapper, file: Buffer, content: Buffer): Promise<void> {
  if (content.length === 0) return;
  await call((done) => sftp.write(file, content, 0, content.length, 0, done));
}

async function claim(sftp: SFTPWrapper, path: string): Promise<boolean> {
  await makeFolders(sftp, posix.dirname(path));
  return await makeFolder(sftp, path);
}

async function makeFolders(sftp: SFTPWrapper, path: string): Promise<void> {
  if (await exists(sftp, path)) return;
  if (posix.dirname(path) !== path) await makeFolders(sftp, posix.dirname(path));
  await makeFolder(sftp, path);
}

/** False when something of that name is there. */
async function makeFolder(sftp: SFTPWrapper, path: string): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await call((done) => sftp.mkdir(path, {mode: PRIVATE_FOLDER}, done));
      return true;
    } catch (error) {
      // SFTP has no word for "it exists".
      if (statusOf(error) !== STATUS_CODE.FAILURE) throw error;
      if (await exists(sftp, path)) return false;
      // What was there has just been removed, as a lock is; any other failure fails again.
      if (tries >= MOST_TRIES) throw error;
    }
  }
}

async function exists(sftp: SFTPWrapper, path: string): Promise<boolean> {
  const found = await orUndefined(answer<unknown>((done) => sftp.lstat(path, done)));
  return found !== undefined;
}

async function namesIn(sftp: SFTPWrapper, path: string): Promise<string[]> {
  const entries = await orUndefined(answer<{filename: string}[]>((done) => sftp.readdir(path, done)));
  return (entries ?? []).map(({filename}) => filename);
}

async function removeAll(sftp: SFTPWrapper, path: string): Promise<void> {
  const found = await orUndefined(answer<{isDirectory(): boolean}>((done) => sftp.lstat(path, done)));
  if (!found) return;
  if (!found.isDirectory()) {
    await orUndefined(call((done) => sftp.unlink(path, done)));
    return;
  }
  for (const name of await namesIn(sftp, path)) await removeAll(sftp, posix.join(path, name));
  await orUndefined(call((done) => sftp.rmdir(path, done)));
}

/**
 * Gives failures the codes of Node's file system, which the rest of Berth understands. SFTP's own words are few:
 * what is only called a failure is looked into.
 */
async function naming<T>(
  sftp: SFTPWrapper,
  path: string,
  missing: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = await systemCodeOf(sftp, path, missing, error);
    throw code === undefined
      ? error
      : Object.assign(new Error((error as Error).message, {cause: error}), {code});
  }
}

async function systemCodeOf(
  sftp: SFTPWrapper,
  path: string,
  missing: string,
  error: unknown,
): Promise<string | undefined> {
  if (systemCode(error) !== undefined) return undefined;
  switch (statusOf(error)) {
    case STATUS_CODE.PERMISSION_DENIED:
      return 'EACCES';
    case STATUS_CODE.NO_SUCH_FILE:
      return missing;
    case STATUS_CODE.FAILURE:
      return (await diskIsFull(sftp, path)) ? 'ENOSPC' : 'EIO';
    default:
      return undefined;
  }
}

async function diskIsFull(sftp: SFTPWrapper, path: string): Promise<boolean> {
  for (let folder = path; ; folder = posix.dirname(folder)) {
    const found = await answer<{f_bavail: number}>((done) => sftp.ext_openssh_statvfs(folder, done)).catch(
      () => undefined,
    );
    if (found) return found.f_bavail === 0;
    if (folder === posix.dirname(folder)) return false;
  }
}

const statusOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

async function orUndefined<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (statusOf(error) === STATUS_CODE.NO_SUCH_FILE) return undefined;
    throw error;
  }
}

type Done<T> = (error: Error | null | undefined, value: T) => void;

function answer<T>(ask: (done: Done<T>) => void): Promise<T> {
  const {promise, resolve, reject} = Promise.withResolvers<T>();
  ask((error, value) => {
    if (error) reject(error);
    else resolve(value);
  });
  return promise;
}

async function call(ask: (done: (error?: Error | null) => void) => void): Promise<void> {
  await answer<undefined>((done) => ask((error) => done(error, undefined)));
}
