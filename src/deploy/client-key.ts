import {chmod, mkdir, readFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {systemCode} from '../base/errors.ts';
import {writeAtomically} from '../base/files.ts';
import {Secret} from '../base/secret.ts';
import {explainUnwritable} from '../base/unwritable.ts';
import {whoIsThis} from '../base/user.ts';
import {addKey, hasKey} from '../gateway/index.ts';
import type {Host} from '../hosts/index.ts';
import {deploymentFolder} from './history.ts';

/** Where this client keeps its key to one deployment. */
export const keyFileOf = (keyFolder: string, host: string, deployment: string): string =>
  join(keyFolder, host, `${deployment}.key`);

/** This client's key to the gateway, or undefined when it has none. */
export async function readClientKey(file: string): Promise<Secret | undefined> {
  try {
    return new Secret((await readFile(file, 'utf8')).trim());
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Makes sure that this client has a key that the gateway knows. `made` says that it is new, so that it
 * can be shown, once. The host keeps only its hash.
 */
export async function ensureClientKey(
  host: Host,
  deployment: string,
  file: string,
): Promise<{key: Secret; made: boolean}> {
  const state = deploymentFolder(host, deployment);
  const present = await readClientKey(file);
  if (present && (await hasKey(host.files, state, present))) return {key: present, made: false};
  const key = await addKey(host.files, state, whoIsThis());
  const instead = 'BERTH_CONFIG_HOME=$HOME/berth-config berth deploy';
  await explainUnwritable({code: 'folder_not_writable', path: file, instead}, async () => {
    await mkdir(dirname(file), {recursive: true, mode: 0o700});
    await writeAtomically(file, `${key.reveal()}\n`, 0o600);
    await chmod(file, 0o600);
  });
  return {key, made: true};
}
