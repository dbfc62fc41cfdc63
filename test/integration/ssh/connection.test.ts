import {createServer} from 'node:net';
import {once} from 'node:events';
import {text} from 'node:stream/consumers';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import type {SshConnection} from '../../../src/hosts/ssh/connection.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {connectionTo, hopTo} from '../../support/ssh.ts';

describe.skipIf(await needsDocker())('one connection', () => {
  let rig: Rig;
  let host: RigHost;
  let ops: SshConnection;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
  }, RIG_START_MS);
  afterAll(() => rig[Symbol.asyncDispose]());

  const opened: SshConnection[] = [];
  const connect = async (
    ...[user, more]: [Parameters<typeof connectionTo>[1], Parameters<typeof connectionTo>[2]?]
  ) => {
    const connection = await connectionTo(host, user, more);
    opened.push(connection);
    return connection;
  };
  afterEach(async () => {
    for (const connection of opened.splice(0)) await connection[Symbol.asyncDispose]();
  });

  it('runs programs with exactly the arguments given, whatever is in them', async () => {
    ops = await connect('ops');
    const hostile = [
      '',
      ' ',
      "it's",
      '$(touch /tmp/owned)',
      '`id`',
      '"',
      '\\',
      "\\'",
      '*',
      '~',
      '!!',
      'a\nb',
      '; exit 3',
      '&& true',
      '#',
      '-n',
      '靠泊',
      '\t',
      "'\"'\"'",
      '${HOME}',
      '=x',
    ];
    const script = 'for word; do printf "%s\\0" "$word"; done';
    const {code, stdout} = await ops.exec(['sh', '-c', script, 'sh', ...hostile]);
    expect(code).toBe(0);
    expect(stdout.split('\0').slice(0, -1)).toEqual(hostile);
    expect((await host.exec(['test', '-e', '/tmp/owned'])).code).toBe(1);
    await expect(ops.exec(['echo', 'a\0b'])).rejects.toThrow('NUL');
  });

  it('tells code, output and error output apart, and feeds input', async () => {
    ops = await connect('ops');
    const script = 'cat; echo wrong >&2; exit 7';
    expect(await ops.exec(['sh', '-c', script], {input: '靠泊'})).toEqual({
      code: 7,
      stdout: '靠泊',
      stderr: 'wrong\n',
    });
    expect(await ops.exec(['sh', '-c', 'kill -KILL $$'])).toMatchObject({code: null});
    const large = 'x'.repeat(5_000_000);
    const echoed = await ops.exec(['cat'], {input: large});
    expect(echoed.stdout === large).toBe(true);
    // A program that does not read its input still tells how it ended.
    expect(await ops.exec(['true'], {input: large})).toMatchObject({code: 0});
  });

  it('ends a program at its deadline and when the caller stops', async () => {
    ops = await connect('ops');
    const marker = `sleep 86399`;
    await expect(ops.exec(['sleep', '86399'], {deadline: seconds(0.5)})).rejects.toMatchObject({
      code: 'ssh_program_too_slow',
    });
    const stop = new AbortController();
    const running = ops.exec(['sleep', '86399'], {signal: stop.signal});
    await host.must(['sh', '-c', `until pgrep -xf "${marker}"; do sleep 0.05; done`]);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await host.must(['sh', '-c', `while pgrep -xf "${marker}"; do sleep 0.05; done`]);
  });

  it('carries a program as a stream, and fails with what it wrote when it fails', async () => {
    ops = await connect('ops');
    const stream = await ops.openProgram(['cat']);
    stream.end('through');
    expect(await text(stream)).toBe('through');
    const failing = await ops.openProgram(['sh', '-c', 'echo some; echo "no luck" >&2; exit 5']);
    await expect(text(failing)).rejects.toMatchObject({
      code: 'ssh_program_failed',
      details: {code: 5},
      lastLines: ['no luck'],
    });
    expect(failing.destroyed).toBe(true);
    const missing = await ops.openProgram(['no-such-program']);
    await expect(text(missing)).rejects.toMatchObject({details: {code: 127}});
  });

  it('carries 100 channels at once, and many programs, with one handshake', async () => {
    ops = await connect('ops');
    const ping = async () => {
      const stream = await ops.openUnixSocket('/var/run/docker.sock');
      stream.write('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n');
      return await text(stream);
    };
    const answers = await Promise.all(Array.from({length: 100}, ping));
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 200'))).toHaveLength(100);
    const echo = (_: unknown, index: number) => ops.exec(['echo', String(index)]);
    const echoed = await Promise.all(Array.from({length: 100}, echo));
    expect(echoed.map(({stdout}) => stdout)).toEqual(echoed.map((_, index) => `${index}\n`));
    expect(ops.handshakes).toBe(1);
  });

  it('opens more connections only when long programs have used up what sshd allows', async () => {
    ops = await connect('ops');
    const streams = await Promise.all(Array.from({length: 14}, () => ops.openProgram(['cat'])));
    expect((await ops.exec(['echo', 'still'])).stdout).toBe('still\n');
    expect(ops.handshakes).toBe(2);
    for (const stream of streams) stream.end();
    await Promise.all(streams.map((stream) => text(stream)));
  });

  it('keeps a slow reader from filling the memory, and loses no byte', async () => {
    ops = await connect('ops');
    const stream = await ops.openProgram(['sh', '-c', 'head -c 30000000 /dev/zero']);
    await once(stream, 'readable');
    await new Promise((resolve) => setImmediate(resolve));
    const held = process.memoryUsage().arrayBuffers;
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBe(30_000_000);
    expect(held).toBeLessThan(20_000_000);
  });

  it('reaches a port of the host, and says so when nothing listens there', async () => {
    ops = await connect('ops');
    const stream = await ops.openTcp('127.0.0.1', 22);
    const [greeting] = (await once(stream, 'data')) as [Buffer];
    expect(greeting.toString()).toContain('SSH-2.0-OpenSSH');
    stream.destroy();
    await expect(ops.openTcp('127.0.0.1', 9)).rejects.toMatchObject({code: 'ssh_channel_refused'});
    await expect(ops.openUnixSocket('/run/no.sock')).rejects.toMatchObject({code: 'ssh_channel_refused'});
  });

  it('refuses a host key that is not the pinned one, with both fingerprints and the repair', async () => {
    const pinned = await host.hostKeyFingerprint();
    await host.rotateHostKey();
    const shown = await host.hostKeyFingerprint();
    const known = [{type: 'ssh-ed25519', fingerprint: pinned}];
    const connection = await connect('ops', {route: [{...hopTo(host, 'ops'), known}]});
    await expect(connection.connect()).rejects.toMatchObject({
      code: 'ssh_host_key_changed',
      details: {pinned: [pinned], shown},
      try: [`repair with ${shown}`],
    });
    const stranger = await connect('ops', {route: [{...hopTo(host, 'ops'), known: []}]});
    await expect(stranger.connect()).rejects.toMatchObject({code: 'ssh_host_key_unknown', details: {shown}});
  });

  it('fails at once where nobody listens, nobody answers SSH, and a name is unknown', async () => {
    const free = createServer();
    const silent = createServer((socket) => socket.end('hello, this is not SSH\r\n'));
    for (const server of [free, silent]) await once(server.listen(0, '127.0.0.1'), 'listening');
    const portOf = (server: typeof free) => (server.address() as {port: number}).port;
    const closed = portOf(free);
    free.close();
    const at = async (address: string, port: number) =>
      connect('ops', {route: [{...hopTo(host, 'ops'), address, port, known: []}]});
    for (const connection of [
      await at('127.0.0.1', closed),
      await at('no-such-host.invalid', 22),
      await at('127.0.0.1', portOf(silent)),
    ]) {
      const started = systemClock.elapsed();
      await expect(connection.connect()).rejects.toMatchObject({
        code: expect.stringMatching(/^ssh_(unreachable|handshake_failed)$/) as string,
      });
      expect(systemClock.elapsed() - started).toBeLessThan(8000);
    }
    silent.close();
  });
});
