import {createHash, createHmac} from 'node:crypto';

/** What identifies a host: the kind of its key (`ssh-ed25519`) and the fingerprint that `ssh-keygen -l` shows. */
export interface HostKey {
  type: string;
  /** `SHA256:` and 43 characters of base64. */
  fingerprint: string;
}

/** Reads a public key as it goes over the wire: a length, the type's name, the rest. Source: RFC 4253, 6.6. */
export function hostKeyOf(blob: Buffer): HostKey {
  const length = blob.readUInt32BE(0);
  return {
    type: blob.subarray(4, 4 + length).toString('latin1'),
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}

export const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

/** What ssh's known_hosts says of a host: keys it may show, and keys that nobody may accept. */
export interface KnownKeys {
  trusted: readonly HostKey[];
  revoked: readonly HostKey[];
}

/** The keys of `[host]:port` in the text of a known_hosts file, hashed names included. Source: sshd(8), SSH_KNOWN_HOSTS. */
export function knownKeys(text: string, host: string, port: number): KnownKeys {
  const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
  const trusted: HostKey[] = [];
  const revoked: HostKey[] = [];
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
    const [names, , key] = fields;
    if (!names || names.startsWith('#') || !key || !namesMatch(names, name)) continue;
    const blob = Buffer.from(key, 'base64');
    // A damaged line vouches for nothing.
    if (blob.length < 8) continue;
    const found = hostKeyOf(blob);
    if (marker === undefined) trusted.push(found);
    // A certificate authority vouches for keys of a kind that is not asked for here.
    if (marker === '@revoked') revoked.push(found);
  }
  return {trusted, revoked};
}

function namesMatch(names: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|(.+)$/.exec(names) ?? [];
  if (salt !== undefined) {
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const patterns = names.toLowerCase().split(',');
  const fits = (pattern: string): boolean => globOf(pattern).test(name);
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))
  );
}

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
