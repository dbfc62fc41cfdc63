import type {Clock} from '../../base/clock.ts';
import {BerthError, ExitCode} from '../../base/errors.ts';
import type {Asking} from '../asking.ts';
import {checkHostName, type HostRecord, type HostRegistry} from '../registry.ts';
import {enrolHost} from './enrol.ts';
import {FINGERPRINT} from './host-key.ts';
import {openSshHost} from './ssh-host.ts';

export interface AddHostOptions {
  name: string;
  /** `ssh://me@10.0.0.7`, or an alias of ssh's configuration. */
  target: string;
  /** Absolute path of the only key to log in with. */
  identity?: string;
  /** Fingerprints that somebody has vouched for. */
  fingerprints: readonly string[];
  registry: HostRegistry;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  asking: Asking;
}

/**
 * Makes a machine known. It is remembered only when a login has worked. A name that is known already gets new keys
 * when it stays the same machine, and is refused when it would become another.
 */
export async function addHost(options: AddHostOptions): Promise<HostRecord> {
  const {name, target, fingerprints, registry, env, clock, asking} = options;
  checkHostName(name);
  for (const given of fingerprints) if (!FINGERPRINT.test(given)) throw notAFingerprint(given);
  const former = (await registry.list()).find((record) => record.name === name);
  if (former && former.target !== target) throw nameTaken(former);
  const record = await enrolHost(options);
  const host = await openSshHost({record, env, clock, asking});
  await host[Symbol.asyncDispose]();
  await registry.save(record);
  return record;
}

const notAFingerprint = (given: string): BerthError =>
  new BerthError({
    code: 'host_key_invalid',
    what: (t) => t.ssh.hostKeyInvalid({given}),
    try: ['ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub'],
    exit: ExitCode.usage,
    details: {given},
  });

const nameTaken = ({name, target}: HostRecord): BerthError =>
  new BerthError({
    code: 'host_exists',
    what: (t) => t.ssh.hostExists({name, target}),
    try: [`berth host rm ${name}`],
    exit: ExitCode.usage,
    details: {name, target},
  });
