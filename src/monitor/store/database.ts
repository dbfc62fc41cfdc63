import {renameSync, rmSync} from 'node:fs';
import {DatabaseSync} from 'node:sqlite';
import {describeError, systemCode} from '../../base/errors.ts';
import {migrate, NewerStore} from './schema.ts';

/** SQLITE_CORRUPT and SQLITE_NOTADB, whatever their detail. Source: sqlite.org/rescode.html. */
const DAMAGED = new Set([11, 26]);

/** Whether the file itself is what is wrong, so that waiting does not help. */
export const isDamage = (error: unknown): boolean =>
  error instanceof NewerStore ||
  (error instanceof Error && 'errcode' in error && DAMAGED.has(Number(error.errcode) & 0xff));

/** Opens the file, or makes it. Throws where that cannot be, and where the file is damaged. */
export function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_size_limit = 4194304;
      PRAGMA cache_size = -1024;
      PRAGMA temp_store = MEMORY;
    `);
    const verdict = db.prepare('PRAGMA quick_check(1)').get();
    if (verdict?.quick_check !== 'ok')
      throw Object.assign(new Error(String(verdict?.quick_check)), {errcode: 11});
    migrate(db);
    return db;
  } catch (error) {
    closeQuietly(db);
    throw error;
  }
}

/** Moves a damaged file out of the way; only the last one is kept. Tells where it is now. */
export function putAside(path: string): string {
  const aside = `${path}.damaged`;
  for (const part of ['', '-wal', '-shm']) {
    rmSync(`${aside}${part}`, {force: true});
    try {
      renameSync(`${path}${part}`, `${aside}${part}`);
    } catch (error) {
      // The parts beside the file are there only after a kill.
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  return aside;
}

/** A file that is damaged may not even be closed without a complaint, which says nothing new. */
export function closeQuietly(db: DatabaseSync): string | undefined {
  try {
    db.close();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
