import {readFile} from 'node:fs/promises';
import {systemCode} from '../../base/errors.ts';
import {knownKeys, type HostKey, type KnownKeys} from './host-key.ts';
import type {Hop} from './route.ts';

/** A machine on the way, and the keys that it may show. */
export interface TrustedHop extends Hop {
  /** Nobody has vouched for any key when there are none. */
  known: readonly HostKey[];
}

/** What ssh's own known_hosts files say of a hop. */
export async function readKnownHosts(hop: Hop): Promise<KnownKeys> {
  const found = await Promise.all(
    hop.knownHostsFiles.map(async (file) => {
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return '';
        throw error;
      });
      return knownKeys(text, hop.hostKeyAlias ?? hop.address, hop.hostKeyAlias === undefined ? hop.port : 22);
    }),
  );
  return {
    trusted: found.flatMap(({trusted}) => trusted),
    revoked: found.flatMap(({revoked}) => revoked),
  };
}
