import {BerthError, ExitCode} from '../../base/errors.ts';

/** What a person typed to name a machine: an address, or an alias of ssh's configuration. */
export interface Target {
  /** Left out: what ssh's configuration says, else the name of the local user. */
  user?: string;
  /** A host name, an address without brackets, or an alias. */
  address: string;
  /** Left out: what ssh's configuration says, else 22. */
  port?: number;
}

const PLAIN = /^(?:(?<user>[^@\s]+)@)?(?<address>\[[^\]\s]+\]|[^:@\s/]+)(?::(?<port>\d+))?$/;

/** Reads `ssh://user@address:port`, `user@address:port` or an alias; undefined when it is none of these. */
export function readTarget(text: string): Target | undefined {
  const {user, address, port} = PLAIN.exec(text.replace(/^ssh:\/\/(.*?)\/?$/, '$1'))?.groups ?? {};
  if (address === undefined || address.startsWith('-') || user?.startsWith('-')) return undefined;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65_535)) return undefined;
  // A password in the address would end up in files and process lists.
  if (user?.includes(':')) return undefined;
  return {
    ...(user !== undefined && {user: decodeURIComponent(user)}),
    address: address.replace(/^\[|\]$/g, ''),
    ...(number !== undefined && {port: number}),
  };
}

/** As `readTarget`, but what cannot be read is an error. */
export function parseTarget(text: string): Target {
  const target = readTarget(text);
  if (target) return target;
  throw new BerthError({
    code: 'host_target_invalid',
    what: (t) => t.ssh.targetInvalid({target: text}),
    why: (t) => t.ssh.targetInvalidWhy(),
    try: ['berth host add gpu1 ssh://me@192.168.1.20'],
    exit: ExitCode.usage,
    details: {target: text},
  });
}

/** `address:port`, with brackets where the address has colons. */
export const endpoint = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;
