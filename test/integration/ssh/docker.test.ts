import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {SshHost} from '../../../src/hosts/index.ts';
import {openDocker} from '../../../src/hosts/docker/docker.ts';
import type {RigUser} from '../../rig/host.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {sshHost} from '../../support/ssh.ts';

describe.skipIf(await needsDocker())('a host over SSH', () => {
  let rig: Rig;
  let host: RigHost;
  let home = '';

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
    home = await mkdtemp(join(tmpdir(), 'berth-home-'));
  }, RIG_START_MS);
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    await rm(home, {recursive: true});
  });

  const open = (user: RigUser): Promise<SshHost> => sshHost(host, user, home);
  const idOf = async (opened: SshHost): Promise<string> => {
    using docker = openDocker(() => opened.connectDocker());
    return (await docker.info()).rootFolder;
  };
  /** Changes sshd's configuration for a while. */
  const withSshd = async (line: string, work: () => Promise<void>): Promise<void> => {
    await host.writeFile('/etc/ssh/sshd_config.d/00-test.conf', `${line}\n`);
    await host.restartSshd();
    try {
      await work();
    } finally {
      await host.must(['rm', '/etc/ssh/sshd_config.d/00-test.conf']);
      await host.restartSshd();
    }
  };

  it('gives its Docker to a member of the group, by the socket, and 100 calls cost one handshake', async () => {
    await using ops = await open('ops');
    using docker = openDocker(() => ops.connectDocker());
    for (let call = 0; call < 10; call++) {
      const answers = await Promise.all(Array.from({length: 10}, () => docker.version()));
      expect(answers.every(({os}) => os === 'linux')).toBe(true);
    }
    expect(await ops.report()).toMatchObject({dockerWay: 'socket', handshakes: 1});
  });

  it('gives it by sudo to who may use that', async () => {
    await using admin = await open('admin');
    expect(await idOf(admin)).toBe('/var/lib/docker');
    expect(await admin.report()).toMatchObject({dockerWay: 'sudo-dial-stdio', handshakes: 1});
  });

  it('refuses it to who may neither, and says the command that changes that', async () => {
    await using plain = await open('plain');
    await expect(plain.connectDocker()).rejects.toMatchObject({
      code: 'docker_forbidden',
      try: ['sudo usermod -aG docker plain'],
    });
  });

  it('finds another way where sshd forwards no sockets', async () => {
    await withSshd('AllowStreamLocalForwarding no', async () => {
      await using ops = await open('ops');
      expect(await idOf(ops)).toBe('/var/lib/docker');
      expect((await ops.report()).dockerWay).toBe('dial-stdio');
    });
  });

  it('says when Docker does not run, for who is in the group and who has sudo, and finds it again', async () => {
    await using ops = await open('ops');
    await using admin = await open('admin');
    await idOf(ops);
    await idOf(admin);
    await host.stopDocker();
    try {
      for (const opened of [ops, admin]) {
        await expect(opened.connectDocker()).rejects.toMatchObject({code: 'docker_not_running'});
      }
    } finally {
      await host.startDocker();
    }
    for (const opened of [ops, admin]) expect(await idOf(opened)).toBe('/var/lib/docker');
  });

  it('says when there is no Docker', async () => {
    await using ops = await open('ops');
    await host.stopDocker();
    await host.must(['sh', '-c', 'mv /usr/bin/docker /usr/bin/docker.away; rm -f /run/docker.sock']);
    try {
      await expect(ops.connectDocker()).rejects.toMatchObject({code: 'docker_missing'});
    } finally {
      await host.must(['mv', '/usr/bin/docker.away', '/usr/bin/docker']);
      await host.startDocker();
    }
  });

  it('names who holds a port: for root and who has sudo the program, else only that it is held', async () => {
    await using root = await open('root');
    await using admin = await open('admin');
    await using plain = await open('plain');
    for (const opened of [root, admin]) {
      expect(await opened.portHolder('127.0.0.1', 22)).toMatchObject({
        port: 22,
        name: 'sshd',
        pid: expect.any(Number) as number,
      });
    }
    expect(await plain.portHolder('0.0.0.0', 22)).toEqual({port: 22});
    expect(await plain.portHolder('127.0.0.1', 9)).toBeUndefined();
  });

  it('can be reached at a port of its loopback through a tunnel, which ends what goes through it', async () => {
    await using ops = await open('ops');
    const tunnel = await ops.tunnel(22);
    const {hostname, port} = new URL(tunnel.origin);
    expect(hostname).toBe('127.0.0.1');
    const greet = async () => {
      const socket = connect(Number(port), hostname);
      const [greeting] = (await once(socket, 'data')) as [Buffer];
      return {socket, greeting: greeting.toString()};
    };
    const greeted = await Promise.all(Array.from({length: 8}, greet));
    expect(greeted.filter(({greeting}) => greeting.startsWith('SSH-2.0-OpenSSH'))).toHaveLength(8);
    const closed = greeted.map(({socket}) => once(socket, 'close'));
    await tunnel[Symbol.asyncDispose]();
    await Promise.all(closed);
    await expect(greet()).rejects.toMatchObject({code: 'ECONNREFUSED'});
    // A port where nobody listens is a closed connection, as without a tunnel.
    await using nowhere = await ops.tunnel(9);
    await expect(fetch(nowhere.origin)).rejects.toThrow('fetch failed');
  });

  it('runs no plain processes', async () => {
    await using ops = await open('ops');
    await expect(ops.runtime('process')).rejects.toMatchObject({code: 'runtime_unavailable'});
  });
});
