import type {Duplex} from 'node:stream';
import {BerthError} from '../../base/errors.ts';
import type {Asking} from '../asking.ts';
import type {HostRecord} from '../registry.ts';
import {addCommand} from './add-command.ts';
import type {HostKey, KnownKeys} from './host-key.ts';
import {Keychain} from './keychain.ts';
import {dialTcp, KEY_TYPES, Link, PATIENCE} from './link.ts';
import {hostKeyChanged, hostKeyUnknown, unreachable} from './problems.ts';
import {findRoute, type Hop} from './route.ts';
import {readSshConfig} from './ssh-config.ts';
import {endpoint, parseTarget} from './target.ts';
import {readKnownHosts} from './trust.ts';

export interface EnrolOptions {
  name: string;
  target: string;
  /** Absolute path of the only key to log in with. */
  identity?: string;
  /** Fingerprints that somebody has vouched for. */
  fingerprints: readonly string[];
  env: NodeJS.ProcessEnv;
  asking: Asking;
}

/**
 * Finds out which keys the machines on the way show and whether they are to be trusted. Nothing is stored; the
 * caller logs in with the record before it keeps it.
 */
export async function enrolHost(options: EnrolOptions): Promise<HostRecord> {
  const {name, target, identity, env, asking} = options;
  const route = findRoute(parseTarget(target), await readSshConfig(env), env, identity);
  const record: HostRecord = {
    schema: 'berth.host-record/1',
    name,
    target,
    ...(identity !== undefined && {identity}),
    hostKeys: {},
  };
  let link: Link | undefined;
  try {
    for (const [index, hop] of route.entries()) {
      const at = endpoint(hop.address, hop.port);
      const last = index === route.length - 1;
      const known = await readKnownHosts(hop);
      const shown = await shownKey(name, hop, link, options.fingerprints);
      const repair = addCommand(record, at, shown.fingerprint);
      const verdict = judgeKey({shown, known, fingerprints: options.fingerprints, last});
      if (verdict.kind === 'refuse') {
        throw hostKeyChanged({host: name, hop, known: verdict.known, shown, repair});
      }
      if (verdict.kind === 'ask') {
        const question = {endpoint: at, type: shown.type, fingerprint: shown.fingerprint};
        const answer = await asking.confirm((t) => t.ssh.trustQuestion(question));
        if (answer === undefined) throw hostKeyUnknown({host: name, hop, shown, repair});
        if (!answer) throw notTrusted(name, at);
      }
      record.hostKeys[at] = [shown];
      if (!last) link = await login(name, hop, link, {env, asking}, shown);
    }
    return record;
  } finally {
    await link?.[Symbol.asyncDispose]();
  }
}

export type KeyVerdict = {kind: 'trust'} | {kind: 'ask'} | {kind: 'refuse'; known: readonly HostKey[]};

/**
 * Whether a key that a machine shows is to be trusted. A fingerprint that somebody has given decides; what ssh
 * itself trusts suffices on the way, and for the host itself the person decides, or nobody.
 */
export function judgeKey(seen: {
  shown: HostKey;
  known: KnownKeys;
  fingerprints: readonly string[];
  last: boolean;
}): KeyVerdict {
  const {shown, known, fingerprints, last} = seen;
  const isShown = ({fingerprint}: HostKey): boolean => fingerprint === shown.fingerprint;
  if (known.revoked.some(isShown)) return {kind: 'refuse', known: known.trusted};
  if (fingerprints.includes(shown.fingerprint)) return {kind: 'trust'};
  if (!last && known.trusted.some(isShown)) return {kind: 'trust'};
  const others = known.trusted.filter(({type}) => type === shown.type);
  if (others.length > 0 && !others.some(isShown)) return {kind: 'refuse', known: others};
  if (last && fingerprints.length > 0) {
    return {kind: 'refuse', known: fingerprints.map((fingerprint) => ({type: shown.type, fingerprint}))};
  }
  return {kind: 'ask'};
}

/** The key that the machine shows; of its several keys, one that is vouched for, when there is one. */
async function shownKey(
  host: string,
  hop: Hop,
  via: Link | undefined,
  fingerprints: readonly string[],
): Promise<HostKey> {
  const first = await probe(host, hop, via, KEY_TYPES);
  if (fingerprints.length === 0 || fingerprints.includes(first.fingerprint)) return first;
  for (const type of KEY_TYPES.filter((other) => other !== first.type)) {
    const shown = await probe(host, hop, via, [type]);
    if (fingerprints.includes(shown.fingerprint)) return shown;
  }
  return first;
}

/** Hangs up as soon as the key is seen. */
async function probe(
  host: string,
  hop: Hop,
  via: Link | undefined,
  keyTypes: readonly string[],
): Promise<HostKey> {
  let seen: HostKey | undefined;
  const enough = new Error('the key was seen');
  const keychain = new Keychain({hop, env: {}, askPassphrase: () => Promise.resolve(undefined)});
  const trust = (shown: HostKey): void => {
    seen = shown;
    throw enough;
  };
  const stream = await streamTo(host, hop, via);
  try {
    await Link.over(stream, {host, hop, keychain, keyTypes, trust, patience: PATIENCE});
  } catch (error) {
    if (error !== enough) throw error;
  }
  if (!seen) throw new Error('a key exchange shows a key');
  return seen;
}

/** Logs in to a machine on the way, whose key is trusted by now. */
async function login(
  host: string,
  hop: Hop,
  via: Link | undefined,
  who: {env: NodeJS.ProcessEnv; asking: Asking},
  judged: HostKey,
): Promise<Link> {
  const keychain = new Keychain({
    hop,
    env: who.env,
    askPassphrase: (path) => who.asking.secret((t) => t.ssh.passphraseQuestion({path})),
  });
  const stream = await streamTo(host, hop, via);
  return await Link.over(stream, {
    host,
    hop,
    keychain,
    keyTypes: [judged.type],
    trust: (shown) => {
      if (shown.fingerprint === judged.fingerprint) return;
      throw hostKeyChanged({host, hop, known: [judged], shown, repair: `berth host add ${host} --help`});
    },
    patience: PATIENCE,
    ...(via && {via}),
  });
}

async function streamTo(host: string, hop: Hop, via: Link | undefined): Promise<Duplex> {
  if (!via) return await dialTcp(host, hop, PATIENCE);
  try {
    return await via.tcp(hop.address, hop.port);
  } catch (error) {
    throw unreachable(host, hop, error);
  }
}

const notTrusted = (host: string, at: string): BerthError =>
  new BerthError({
    code: 'ssh_host_key_not_trusted',
    what: (t) => t.ssh.hostKeyNotTrusted({endpoint: at}),
    try: [`berth host add ${host} --help`],
    details: {host, endpoint: at},
  });
