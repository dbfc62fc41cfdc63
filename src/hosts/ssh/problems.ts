import {BerthError, describeError, ExitCode} from '../../base/errors.ts';
import {formatDuration, type Duration} from '../../base/units.ts';
import type {HostKey} from './host-key.ts';
import {hopName, type Hop} from './route.ts';
import {endpoint} from './target.ts';

/** No way to the machine, now: the only kind of failure that is worth another try. */
export function unreachable(host: string, hop: Hop, cause: unknown): BerthError {
  return new BerthError({
    code: 'ssh_unreachable',
    what: (t) => t.ssh.unreachable({host, endpoint: endpoint(hop.address, hop.port)}),
    why: () => describeError(cause),
    try: [`berth host check ${host}`, `ssh -v -p ${hop.port} ${hop.user}@${hop.address}`],
    exit: ExitCode.unreachable,
    details: {host, address: hop.address, port: hop.port},
    cause,
  });
}

/** The connection was there, and is not any more. What went over it may or may not have been done. */
export function connectionLost(host: string, cause: unknown): BerthError {
  return new BerthError({
    code: 'ssh_connection_lost',
    what: (t) => t.ssh.connectionLost({host}),
    why: () => describeError(cause),
    try: [`berth host check ${host}`],
    exit: ExitCode.unreachable,
    details: {host},
    cause,
  });
}

export function authenticationRefused(host: string, hop: Hop, offered: readonly string[]): BerthError {
  return new BerthError({
    code: 'ssh_authentication_refused',
    what: (t) => t.ssh.authenticationRefused({hop: hopName(hop)}),
    why: (t) => (offered.length > 0 ? t.ssh.keysOffered({keys: offered}) : t.ssh.noKeys()),
    try: [`ssh-copy-id -p ${hop.port} ${hop.user}@${hop.address}`, 'ssh-add'],
    details: {host, user: hop.user, offered},
  });
}

/** Two sides that agree on no cipher or key kind, or something that does not speak SSH. */
export function handshakeFailed(host: string, hop: Hop, cause: unknown): BerthError {
  return new BerthError({
    code: 'ssh_handshake_failed',
    what: (t) => t.ssh.handshakeFailed({endpoint: endpoint(hop.address, hop.port)}),
    why: () => describeError(cause),
    try: [`ssh -v -p ${hop.port} ${hop.user}@${hop.address}`],
    details: {host, address: hop.address, port: hop.port},
    cause,
  });
}

export function keyLocked(path: string): BerthError {
  return new BerthError({
    code: 'ssh_key_locked',
    what: (t) => t.ssh.keyLocked({path}),
    why: (t) => t.ssh.keyLockedWhy(),
    try: [`ssh-add ${path}`],
    details: {path},
  });
}

export function passphraseWrong(path: string): BerthError {
  return new BerthError({
    code: 'ssh_passphrase_wrong',
    what: (t) => t.ssh.passphraseWrong({path}),
    try: [`ssh-add ${path}`],
    details: {path},
  });
}

/** A file that was named as a key and cannot be one. */
export function keyUnusable(path: string, cause: unknown): BerthError {
  return new BerthError({
    code: 'ssh_key_unusable',
    what: (t) => t.ssh.keyUnusable({path}),
    why: () => describeError(cause),
    try: [`ssh-keygen -lf ${path}`],
    details: {path},
    cause,
  });
}

export interface KeyMismatch {
  host: string;
  hop: Hop;
  /** What the host was known by. */
  known: readonly HostKey[];
  shown: HostKey;
  /** The one command that makes the shown key the right one. */
  repair: string;
}

export function hostKeyChanged({host, hop, known, shown, repair}: KeyMismatch): BerthError {
  const pinned = known.map(({fingerprint}) => fingerprint);
  return new BerthError({
    code: 'ssh_host_key_changed',
    what: (t) =>
      t.ssh.hostKeyChanged({
        endpoint: endpoint(hop.address, hop.port),
        known: pinned.join(', '),
        shown: shown.fingerprint,
      }),
    why: (t) => t.ssh.hostKeyChangedWhy(),
    try: [repair],
    details: {host, address: hop.address, port: hop.port, pinned, shown: shown.fingerprint},
  });
}

/** The host has a key that nobody has vouched for, and nobody can be asked. */
export function hostKeyUnknown({host, hop, shown, repair}: Omit<KeyMismatch, 'known'>): BerthError {
  return new BerthError({
    code: 'ssh_host_key_unknown',
    what: (t) => t.ssh.hostKeyUnknown({endpoint: endpoint(hop.address, hop.port), shown: shown.fingerprint}),
    why: (t) => t.ssh.hostKeyUnknownWhy(),
    try: [repair],
    details: {host, address: hop.address, port: hop.port, shown: shown.fingerprint, type: shown.type},
  });
}

/** The host's sshd does not allow what was asked of it. */
export function channelRefused(host: string, wanted: string, cause: unknown): BerthError {
  return new BerthError({
    code: 'ssh_channel_refused',
    what: (t) => t.ssh.channelRefused({host, wanted}),
    why: () => describeError(cause),
    try: [`berth host check ${host}`],
    details: {host, wanted},
    cause,
  });
}

/** A program that was to carry a stream has ended with an error. */
export function programFailed(
  host: string,
  program: string,
  ended: {code: number | null; stderr: string},
): BerthError {
  return new BerthError({
    code: 'ssh_program_failed',
    what: (t) => t.ssh.programFailed({host, program, code: String(ended.code ?? 'signal')}),
    try: [`berth host check ${host}`, `berth doctor --host ${host}`],
    details: {host, program, code: ended.code},
    lastLines: ended.stderr.trimEnd().split('\n').slice(-10),
  });
}

export function programTooSlow(host: string, program: string, deadline: Duration): BerthError {
  return new BerthError({
    code: 'ssh_program_too_slow',
    what: (t) => t.ssh.programTooSlow({host, program, deadline: formatDuration(deadline)}),
    try: [`berth host check ${host}`],
    details: {host, program, deadlineMs: deadline},
  });
}
