import {readFile} from 'node:fs/promises';
import ssh2 from 'ssh2';
import type {ParsedKey} from 'ssh2';
import {systemCode} from '../../base/errors.ts';
import type {IdentityFile} from './route.ts';

const {parseKey} = ssh2.utils;

/** A key file: its public half, and how to get at the private one. */
export interface Identity {
  path: string;
  named: boolean;
  publicKey: ParsedKey;
  state: {kind: 'open'; key: ParsedKey} | {kind: 'locked'; text: string} | {kind: 'public-only'};
}

export type IdentityReading =
  | {found: 'key'; identity: Identity}
  | {found: 'nothing'}
  /** It is there, but no key that can be used. */
  | {found: 'unusable'; why: Error};

/** Reads a key file. Of a locked key the public half is read, so that its passphrase is asked only where it counts. */
export async function readIdentity({path, named}: IdentityFile): Promise<IdentityReading> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && !named) return {found: 'nothing'};
    return {found: 'unusable', why: error as Error};
  }
  const key = first(parseKey(text));
  if (!(key instanceof Error)) {
    const state = key.isPrivateKey() ? ({kind: 'open', key} as const) : ({kind: 'public-only'} as const);
    return {found: 'key', identity: {path, named, publicKey: key, state}};
  }
  if (!isEncrypted(text)) return {found: 'unusable', why: key};
  const publicKey = publicHalf(text) ?? (await publicFile(path));
  if (publicKey === undefined) return {found: 'unusable', why: key};
  return {found: 'key', identity: {path, named, publicKey, state: {kind: 'locked', text}}};
}

/** The private key of a locked file; undefined when the passphrase is wrong. */
export function unlock(text: string, passphrase: string): ParsedKey | undefined {
  const key = first(parseKey(text, passphrase));
  return key instanceof Error || !key.isPrivateKey() ? undefined : key;
}

/** The library's types know one key; files of several give a list. */
function first(parsed: ParsedKey | Error | readonly ParsedKey[]): ParsedKey | Error {
  if (!Array.isArray(parsed)) return parsed as ParsedKey | Error;
  return (parsed[0] as ParsedKey | undefined) ?? new Error('the file holds no key');
}

const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END OPENSSH PRIVATE KEY-----/;
const MAGIC = 'openssh-key-v1\0';

function isEncrypted(text: string): boolean {
  const parts = opensshParts(text);
  return parts ? parts.cipher !== 'none' : text.includes('ENCRYPTED');
}

function publicHalf(text: string): ParsedKey | undefined {
  const blob = opensshParts(text)?.publicKey;
  return blob && usable(parseKey(blob));
}

async function publicFile(path: string): Promise<ParsedKey | undefined> {
  const text = await readFile(`${path}.pub`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : usable(parseKey(text));
}

const usable = (parsed: ParsedKey | Error): ParsedKey | undefined => {
  const key = first(parsed);
  return key instanceof Error ? undefined : key;
};

/** The unencrypted head of OpenSSH's own format. Source: PROTOCOL.key of OpenSSH. */
function opensshParts(text: string): {cipher: string; publicKey: Buffer} | undefined {
  const body = OPENSSH.exec(text)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) return undefined;
  let at = MAGIC.length;
  const next = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    const cipher = next().toString('latin1');
    next(); // name of the key derivation
    next(); // its options
    at += 4; // how many keys: always one
    return {cipher, publicKey: next()};
  } catch (error) {
    if (error instanceof RangeError) return undefined; // cut short
    throw error;
  }
}
