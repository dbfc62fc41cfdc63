import {access, chmod, mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {must} from './docker.ts';
import {keyFolder} from './names.ts';

export interface RigKeys {
  /** The folder that hosts see read-only at /rig/keys. */
  folder: string;
  /** Lets in as root, ops, admin and plain. */
  keyFile: string;
  /** The same users, but encrypted with `passphrase`. */
  encryptedKeyFile: string;
  passphrase: string;
  /** A good key that no host knows. */
  strangerKeyFile: string;
}

/** The keys of this checkout's rig, made at first use. */
export async function rigKeys(): Promise<RigKeys> {
  const folder = join(keyFolder(), 'authorized');
  const keys: RigKeys = {
    folder,
    keyFile: join(keyFolder(), 'id_ed25519'),
    encryptedKeyFile: join(keyFolder(), 'id_ed25519_encrypted'),
    passphrase: 'open sesame',
    strangerKeyFile: join(keyFolder(), 'id_ed25519_stranger'),
  };
  await mkdir(folder, {recursive: true});
  await chmod(keyFolder(), 0o700);
  await make(keys.keyFile, '');
  await make(keys.encryptedKeyFile, keys.passphrase);
  await make(keys.strangerKeyFile, '');
  const lines = await Promise.all(
    [keys.keyFile, keys.encryptedKeyFile].map((file) => readFile(`${file}.pub`, 'utf8')),
  );
  await writeFile(join(folder, 'authorized_keys'), lines.join(''));
  return keys;
}

async function make(file: string, passphrase: string): Promise<void> {
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there) return;
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', passphrase, '-C', 'berth-rig', '-f', file]);
}
