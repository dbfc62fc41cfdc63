import {text} from 'node:stream/consumers';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import type {SshConnection, SshConnectionOptions} from '../../../src/hosts/ssh/connection.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {connectionTo} from '../../support/ssh.ts';

describe.skipIf(await needsDocker())('a connection in trouble', () => {
  let rig: Rig;
  let host: RigHost;
  const opened: SshConnection[] = [];

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
  }, RIG_START_MS);
  afterEach(async () => {
    await host.restoreNetwork();
    for (const connection of opened.splice(0)) await connection[Symbol.asyncDispose]();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const connect = async (more: Partial<SshConnectionOptions> = {}): Promise<SshConnection> => {
    const connection = await connectionTo(host, 'ops', more);
    opened.push(connection);
    await connection.connect();
    return connection;
  };
  const lost = {code: 'ssh_connection_lost', exit: 3};
  const unreachable = {code: 'ssh_unreachable', exit: 3};
  const took = async (work: Promise<unknown>): Promise<number> => {
    const started = systemClock.elapsed();
    await work;
    return systemClock.elapsed() - started;
  };

  it('loses what ran when sshd is restarted, and carries on with a new connection', async () => {
    const connection = await connect();
    const stream = await connection.openProgram(['cat']);
    const reading = expect(text(stream)).rejects.toMatchObject(lost);
    const running = expect(connection.exec(['sleep', '86398'])).rejects.toMatchObject(lost);
    await host.must(['sh', '-c', 'until pgrep -xf "sleep 86398"; do sleep 0.05; done']);
    await connection.withSftp(() => Promise.resolve(), 'once');
    await host.restartSshd();
    await Promise.all([reading, running]);
    expect(await connection.exec(['echo', 'back'])).toMatchObject({stdout: 'back\n'});
    await connection.withSftp(() => Promise.resolve(), 'once');
    await expect(
      text(await connection.openTcp('127.0.0.1', 22).then((one) => one.end('\r\n'))),
    ).resolves.toContain('SSH-2.0');
    expect(connection.handshakes).toBe(2);
  });

  it('outlives a network that is gone for five seconds, and what runs goes on', async () => {
    const connection = await connect();
    const stream = await connection.openProgram(['cat']);
    await host.cutNetwork();
    const restored = systemClock.sleep(seconds(5)).then(() => host.restoreNetwork());
    const echoed = connection.exec(['echo', 'through']);
    await restored;
    expect((await echoed).stdout).toBe('through\n');
    stream.end('also through');
    expect(await text(stream)).toBe('also through');
    expect(connection.handshakes).toBe(1);
  });

  it('notices within 16 s that the network is gone, and gives up when it does not come back', async () => {
    const connection = await connect({reconnectFor: seconds(4)});
    const stream = await connection.openProgram(['cat']);
    await host.cutNetwork();
    const noticed = took(expect(text(stream)).rejects.toMatchObject(lost));
    expect(await noticed).toBeLessThan(16_000);
    const dialled = took(expect(connection.openTcp('127.0.0.1', 22)).rejects.toMatchObject(unreachable));
    expect(await dialled).toBeLessThan(26_000);
    // Who has waited in vain once does not wait as long again: one try.
    const again = took(expect(connection.exec(['true'])).rejects.toMatchObject(unreachable));
    expect(await again).toBeLessThan(12_000);
    await host.restoreNetwork();
    expect(await connection.exec(['true'])).toMatchObject({code: 0});
    expect(connection.handshakes).toBe(2);
  });

  it('comes back when the network does, though the old connection was given up', async () => {
    const connection = await connect();
    const stream = await connection.openProgram(['cat']);
    await host.cutNetwork();
    await expect(text(stream)).rejects.toMatchObject(lost);
    const reading = connection.openTcp('127.0.0.1', 22);
    await systemClock.sleep(seconds(3));
    await host.restoreNetwork();
    (await reading).destroy();
    expect(connection.handshakes).toBe(2);
  });

  it('does not wait for a host that is gone when it is closed', async () => {
    const connection = await connect();
    await host.cutNetwork();
    expect(await took(connection[Symbol.asyncDispose]())).toBeLessThan(3000);
  });

  it('refuses another machine that has taken the place of the host meanwhile', async () => {
    const connection = await connect();
    await host.rotateHostKey();
    await host.restartSshd();
    await expect(connection.openTcp('127.0.0.1', 22)).rejects.toMatchObject({code: 'ssh_host_key_changed'});
  });
});
