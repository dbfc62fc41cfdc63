import {createHash, randomBytes} from 'node:crypto';
import {Secret} from '../../base/secret.ts';

/** SHA-256 of a key, hex. The key has 256 random bits, so a slow hash would add nothing. */
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** A new API key, and the hash that may be stored of it. */
export function createKey(): {key: Secret; hash: string} {
  const text = `sk-berth-${randomBytes(32).toString('base64url')}`;
  return {key: new Secret(text), hash: hashKey(text)};
}
