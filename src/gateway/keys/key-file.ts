import {timingSafeEqual} from 'node:crypto';
import {join} from 'node:path';
import {systemClock, type Clock} from '../../base/clock.ts';
import {stateFileDamaged} from '../../base/files.ts';
import type {Secret} from '../../base/secret.ts';
import type {HostFiles} from '../../hosts/index.ts';
import {createKey, hashKey} from './key.ts';

/** What is stored of one key: never the key. */
export interface KeyRecord {
  name: string;
  /** SHA-256, hex. */
  hash: string;
  /** ISO 8601. */
  created: string;
}

/** The folder of a deployment's state that its gateway may read. */
export const doorFolder = (stateFolder: string): string => join(stateFolder, 'door');

export const keyFilePath = (stateFolder: string): string => join(doorFolder(stateFolder), 'keys.json');

/** The keys of a deployment; empty when none was made yet. */
export async function readKeys(files: HostFiles, stateFolder: string): Promise<KeyRecord[]> {
  const path = keyFilePath(stateFolder);
  const text = await files.read(path);
  if (text === undefined) return [];
  try {
    return parseKeys(text);
  } catch (error) {
    throw stateFileDamaged(path, error);
  }
}

/**
 * Makes a key, stores its hash on the host (file mode 0600) and returns the key: the only time it can be
 * seen. A key of the same name is replaced. A running gateway accepts it at once.
 */
export async function addKey(
  files: HostFiles,
  stateFolder: string,
  name: string,
  clock: Clock = systemClock,
): Promise<Secret> {
  const {key, hash} = createKey();
  const kept = (await readKeys(files, stateFolder)).filter((record) => record.name !== name);
  const record: KeyRecord = {name, hash, created: clock.now().toISOString()};
  const content = `${JSON.stringify({keys: [...kept, record]}, undefined, 2)}\n`;
  // A gateway in a container is another user. The folder around it lets nobody else of the host in, and no key
  // can be found from its hash.
  await files.write(keyFilePath(stateFolder), content, 0o644);
  return key;
}

/** Whether a key opens this deployment's gateway. */
export async function hasKey(files: HostFiles, stateFolder: string, key: Secret): Promise<boolean> {
  const hash = Buffer.from(hashKey(key.reveal()), 'hex');
  const keys = await readKeys(files, stateFolder);
  return keys.some((record) => timingSafeEqual(Buffer.from(record.hash, 'hex'), hash));
}

/** Throws on anything but a key file. Checked by hand, because the gateway does without a schema library. */
export function parseKeys(text: string): KeyRecord[] {
  const file: unknown = JSON.parse(text);
  if (typeof file !== 'object' || file === null || !('keys' in file) || !Array.isArray(file.keys)) {
    throw new Error('not a key file');
  }
  return file.keys.map((record: unknown) => {
    if (!isKeyRecord(record)) throw new Error('not a key record');
    return record;
  });
}

const isKeyRecord = (value: unknown): value is KeyRecord =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'created' in value &&
  typeof value.created === 'string' &&
  'hash' in value &&
  typeof value.hash === 'string' &&
  /^[0-9a-f]{64}$/.test(value.hash);
