import {randomBytes} from 'node:crypto';
import {open, readFile, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import type {z} from 'zod';
import {BerthError, systemCode} from './errors.ts';

/**
 * Replaces a file in one step: readers see the old bytes or the new ones, also after a power cut.
 * `mode` defaults to 0600, because most of what Berth keeps concerns its owner alone.
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await using file = await open(temporary, 'wx', mode);
    await file.writeFile(content);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
  await syncFolder(dirname(path));
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; its rename is durable enough for state that can be rebuilt.
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

export const writeJson = (path: string, value: unknown, mode?: number): Promise<void> =>
  writeAtomically(path, `${JSON.stringify(value, undefined, 2)}\n`, mode);

/** The parsed file, or undefined when there is none. A file that does not match the schema is an error that names it. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw stateFileDamaged(path, error);
  }
}

/** A file of state, on whatever host, that does not say what it should. `first`: what to type before it is put aside. */
export const stateFileDamaged = (path: string, cause?: unknown, first: readonly string[] = []): BerthError =>
  new BerthError({
    code: 'state_file_damaged',
    what: (t) => t.base.stateFileDamaged({path}),
    try: [...first, `mv ${path} ${path}.damaged`],
    details: {path},
    cause,
  });
