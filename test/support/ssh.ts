/** How tests open hosts of the rig over SSH: with the client's own code, and a HOME of their own. */
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {systemClock} from '../../src/base/clock.ts';
import {Secret} from '../../src/base/secret.ts';
import {openSshHost, type Asking, type HostRecord, type SshHost} from '../../src/hosts/index.ts';
import {SshConnection, type SshConnectionOptions} from '../../src/hosts/ssh/connection.ts';
import {enrolHost} from '../../src/hosts/ssh/enrol.ts';
import type {Hop} from '../../src/hosts/ssh/route.ts';
import type {RigHost, RigUser} from '../rig/host.ts';

/** Nobody can be asked. */
export const nobody: Asking = {
  secret: () => Promise.resolve(undefined),
  confirm: () => Promise.resolve(undefined),
};

/** A person who types this passphrase and says yes to every key. */
export const person = (passphrase: string): Asking => ({
  secret: () => Promise.resolve(new Secret(passphrase)),
  confirm: () => Promise.resolve(true),
});

/** A folder with nothing of this machine's user in it. */
export const emptyHome = (folder: string): NodeJS.ProcessEnv => ({
  HOME: folder,
  USER: 'nobody-of-this-name',
  PATH: process.env.PATH,
});

export const hopTo = (host: RigHost, user: RigUser, keyFile = host.keyFile): Hop => ({
  address: host.address,
  port: host.port,
  user,
  identityFiles: [{path: keyFile, named: true}],
  identitiesOnly: true,
  agents: [],
  knownHostsFiles: [],
});

/** A connection whose host key is known. Dispose it. */
export async function connectionTo(
  host: RigHost,
  user: RigUser,
  more: Partial<SshConnectionOptions> = {},
): Promise<SshConnection> {
  const known = [{type: 'ssh-ed25519', fingerprint: await host.hostKeyFingerprint()}];
  return new SshConnection({
    host: host.name,
    route: [{...hopTo(host, user), known}],
    env: {},
    clock: systemClock,
    askPassphrase: () => Promise.resolve(undefined),
    repair: (_hop, {fingerprint}) => `repair with ${fingerprint}`,
    ...more,
  });
}

/** Writes ssh's configuration into a HOME. */
export async function writeSshConfig(home: string, text: string): Promise<void> {
  await mkdir(join(home, '.ssh'), {recursive: true});
  await writeFile(join(home, '.ssh', 'config'), text);
}

/** Registers and opens a host of the rig as a user. Dispose it. */
export async function sshHost(
  host: RigHost,
  user: RigUser,
  home: string,
  more: {asking?: Asking} = {},
): Promise<SshHost> {
  const asking = more.asking ?? nobody;
  const env = emptyHome(home);
  const record: HostRecord = await enrolHost({
    name: host.name,
    target: `ssh://${user}@${host.address}`,
    identity: host.keyFile,
    fingerprints: [await host.hostKeyFingerprint()],
    env,
    asking,
  });
  return await openSshHost({record, env, clock: systemClock, asking});
}
