import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {openSshHost, type Asking, type HostRecord} from '../../../src/hosts/index.ts';
import {enrolHost} from '../../../src/hosts/ssh/enrol.ts';
import {must} from '../../rig/docker.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {emptyHome, nobody, person, writeSshConfig} from '../../support/ssh.ts';
import {temporaryFolder} from '../../support/temporary.ts';

describe.skipIf(await needsDocker())('logging in', () => {
  let rig: Rig;
  let host: RigHost;
  let other: RigHost;

  beforeAll(async () => {
    rig = await openRig({hosts: 2});
    host = rig.hosts[0];
    const second = rig.hosts[1];
    if (!second) throw new Error('a rig of two hosts has a second one');
    other = second;
  }, RIG_START_MS);
  afterAll(() => rig[Symbol.asyncDispose]());

  interface Login {
    env: NodeJS.ProcessEnv;
    target?: string;
    identity?: string;
    asking?: Asking;
    fingerprints?: readonly string[];
  }

  /** Registers the host, logs in with what was recorded, and says who one is there and by which key. */
  async function login(options: Login): Promise<{user: string; key: string | undefined; record: HostRecord}> {
    const {env, asking = nobody, identity} = options;
    const record = await enrolHost({
      name: 'rig',
      target: options.target ?? `ssh://ops@${host.address}`,
      ...(identity !== undefined && {identity}),
      fingerprints: options.fingerprints ?? [await host.hostKeyFingerprint()],
      env,
      asking,
    });
    await using opened = await openSshHost({record, env, clock: systemClock, asking});
    const {user} = await opened.facts();
    return {user, key: (await opened.report()).loginKey, record};
  }

  /** A real ssh-agent with these keys. */
  async function agentWith(...keys: string[]): Promise<{path: string} & AsyncDisposable> {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'agent.sock');
    const agent = spawn('ssh-agent', ['-D', '-a', path], {stdio: ['ignore', 'pipe', 'inherit']});
    await once(agent.stdout, 'data');
    for (const key of keys) await must(['env', `SSH_AUTH_SOCK=${path}`, 'ssh-add', '-q', key]);
    return {
      path,
      async [Symbol.asyncDispose]() {
        const ended = once(agent, 'exit');
        agent.kill();
        await ended;
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  it('works with a key file, and each user has the state folder that is theirs', async () => {
    await using home = await temporaryFolder();
    const env = emptyHome(home.path);
    expect(await login({env, identity: host.keyFile})).toMatchObject({user: 'ops', key: host.keyFile});
    const record = (await login({env, identity: host.keyFile, target: `root@${host.address}:22`})).record;
    await using root = await openSshHost({record, env, clock: systemClock, asking: nobody});
    expect(root.stateRoot).toBe('/var/lib/berth');
    expect(await root.facts()).toMatchObject({
      hostname: 'rig1',
      platform: 'linux',
      arch: 'x64',
      user: 'root',
    });
  });

  it('is refused with a key that the host does not know, and says what was offered', async () => {
    await using home = await temporaryFolder();
    const identity = host.keys.strangerKeyFile;
    await expect(login({env: emptyHome(home.path), identity})).rejects.toMatchObject({
      code: 'ssh_authentication_refused',
      details: {user: 'ops', offered: [identity]},
    });
    await expect(login({env: emptyHome(home.path)})).rejects.toMatchObject({details: {offered: []}});
    await expect(login({env: emptyHome(home.path), identity: '/no/such/key'})).rejects.toMatchObject({
      code: 'ssh_key_unusable',
    });
  });

  it('asks for the passphrase of an encrypted key, or takes it from the environment', async () => {
    await using home = await temporaryFolder();
    const {encryptedKeyFile: identity, passphrase} = host.keys;
    const env = emptyHome(home.path);
    expect(await login({env, identity, asking: person(passphrase)})).toMatchObject({key: identity});
    const told = {...env, BERTH_SSH_PASSPHRASE: passphrase};
    expect(await login({env: told, identity})).toMatchObject({key: identity});
    await expect(login({env, identity})).rejects.toMatchObject({
      code: 'ssh_key_locked',
      try: [`ssh-add ${identity}`],
    });
    const wrong = {...env, BERTH_SSH_PASSPHRASE: 'open barley'};
    await expect(login({env: wrong, identity})).rejects.toMatchObject({code: 'ssh_passphrase_wrong'});
  });

  it('works with an agent, also one that holds many other keys', async () => {
    await using home = await temporaryFolder();
    await using agent = await agentWith(host.keys.strangerKeyFile, host.keyFile);
    const env = {...emptyHome(home.path), SSH_AUTH_SOCK: agent.path};
    expect(await login({env})).toMatchObject({user: 'ops', key: 'agent: berth-rig'});
    await writeSshConfig(home.path, `IdentityFile ${host.keys.strangerKeyFile}\nIdentitiesOnly yes\n`);
    await expect(login({env})).rejects.toMatchObject({code: 'ssh_authentication_refused'});
    await writeSshConfig(home.path, 'IdentityAgent none\n');
    await expect(login({env})).rejects.toMatchObject({code: 'ssh_authentication_refused'});
  });

  it('reads user, address and key from the configuration of ssh, through its Includes', async () => {
    await using home = await temporaryFolder();
    const more = join(home.path, '.ssh', 'more');
    await writeSshConfig(home.path, `Include more\nHost box\n  User plain\n  HostName ${host.address}\n`);
    await must(['sh', '-c', `printf 'Host b*\\n  IdentityFile ${host.keyFile}\\n' > ${more}`]);
    expect(await login({env: emptyHome(home.path), target: 'box'})).toMatchObject({user: 'plain'});
    expect(await login({env: emptyHome(home.path), target: 'ssh://admin@box'})).toMatchObject({
      user: 'admin',
    });
  });

  it('jumps through one machine to another, and pins both', async () => {
    await using home = await temporaryFolder();
    await writeSshConfig(
      home.path,
      `Host inner\n  HostName ${other.address}\n  User admin\n  ProxyJump ops@${host.address}\nHost *\n  IdentityFile ${host.keyFile}\n`,
    );
    const env = emptyHome(home.path);
    const [first, second] = await Promise.all([host.hostKeyFingerprint(), other.hostKeyFingerprint()]);
    await expect(login({env, target: 'inner', fingerprints: [second]})).rejects.toMatchObject({
      code: 'ssh_host_key_unknown',
      details: {shown: first},
    });
    const {user, record} = await login({env, target: 'inner', fingerprints: [first, second]});
    expect(user).toBe('admin');
    expect(Object.keys(record.hostKeys)).toEqual([`${host.address}:22`, `${other.address}:22`]);
    // It really comes from the first machine.
    const seen = await other.must([
      'sh',
      '-c',
      'grep -h "Accepted publickey for admin" /var/log/sshd.log | tail -n 1',
    ]);
    expect(seen).toContain(`from ${host.address}`);
    // On the way, what ssh itself trusts is enough.
    const scanned = await must(['ssh-keyscan', '-t', 'ed25519', host.address]);
    await must(['sh', '-c', `printf '%s\\n' "$1" > ${home.path}/.ssh/known_hosts`, 'sh', scanned]);
    expect(await login({env, target: 'inner', fingerprints: [second]})).toMatchObject({user: 'admin'});
  });

  it('asks a person about the host key, and takes no for an answer', async () => {
    await using home = await temporaryFolder();
    const options = {env: emptyHome(home.path), identity: host.keyFile, fingerprints: []};
    expect(await login({...options, asking: person('')})).toMatchObject({user: 'ops'});
    const no = {...nobody, confirm: () => Promise.resolve(false)};
    await expect(login({...options, asking: no})).rejects.toMatchObject({code: 'ssh_host_key_not_trusted'});
    const fingerprint = await host.hostKeyFingerprint();
    await expect(login(options)).rejects.toMatchObject({
      code: 'ssh_host_key_unknown',
      try: [
        `berth host add rig ssh://ops@${host.address} --identity ${host.keyFile} --host-key ${fingerprint}`,
      ],
    });
  });

  it('is refused when the host key has changed, and the one command that is told repairs it', async () => {
    await using home = await temporaryFolder();
    const env = emptyHome(home.path);
    const {record} = await login({env, identity: host.keyFile});
    const before = await host.hostKeyFingerprint();
    await host.rotateHostKey();
    const after = await host.hostKeyFingerprint();
    const refused = openSshHost({record, env, clock: systemClock, asking: nobody});
    await expect(refused).rejects.toMatchObject({
      code: 'ssh_host_key_changed',
      details: {pinned: [before], shown: after},
      try: [`berth host add rig ${record.target} --identity ${host.keyFile} --host-key ${after}`],
    });
    // Also when it changes under the feet of `add`.
    const stale = login({env, identity: host.keyFile, fingerprints: [before]});
    await expect(stale).rejects.toMatchObject({code: 'ssh_host_key_changed'});
    expect(await login({env, identity: host.keyFile, fingerprints: [after]})).toMatchObject({user: 'ops'});
  });
});
