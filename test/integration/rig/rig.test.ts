import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest';
import {run} from '../../rig/docker.ts';
import type {RigHost, RigUser} from '../../rig/host.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';

describe.skipIf(await needsDocker())('the rig', () => {
  let rig: Rig;
  let host: RigHost;

  beforeAll(async () => {
    rig = await openRig({hosts: 2});
    host = rig.hosts[0];
  }, RIG_START_MS);
  afterEach(() => host.restoreNetwork());
  afterAll(() => rig[Symbol.asyncDispose]());

  const ssh = (user: RigUser, command: string, keyFile = host.keyFile) => {
    const options = [
      'BatchMode=yes',
      'ConnectTimeout=3',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
    ];
    return run([
      'ssh',
      '-F',
      'none',
      ...options.flatMap((option) => ['-o', option]),
      '-i',
      keyFile,
      `${user}@${host.address}`,
      command,
    ]);
  };

  test('lets its users in by key, each with the rights of the name', async () => {
    expect(await ssh('ops', 'docker ps -q && ! sudo -n true')).toMatchObject({code: 0, stdout: ''});
    expect(await ssh('admin', '! docker ps 2>/dev/null && sudo -n docker ps -q')).toMatchObject({code: 0});
    expect(
      await ssh('plain', '! docker ps 2>/dev/null && ! sudo -n true 2>/dev/null && id -un'),
    ).toMatchObject({stdout: 'plain\n'});
    expect(await ssh('root', 'id -u')).toMatchObject({stdout: '0\n'});
  });

  test('keeps strangers out, and those without the passphrase', async () => {
    for (const file of [host.keys.strangerKeyFile, host.keys.encryptedKeyFile]) {
      const refused = await ssh('ops', 'true', file);
      expect(refused.code).toBe(255);
      expect(refused.stderr).toContain('Permission denied (publickey)');
    }
  });

  test('shows the host key that it says it has, and another after a rotation', async () => {
    const shown = async () => {
      const script = `ssh-keyscan -t ed25519 ${host.address} 2>/dev/null | ssh-keygen -lf -`;
      return (await run(['sh', '-c', script])).stdout.split(' ')[1];
    };
    const before = await host.hostKeyFingerprint();
    expect(before).toMatch(/^SHA256:.{43}$/);
    expect(await shown()).toBe(before);
    await host.rotateHostKey();
    const after = await host.hostKeyFingerprint();
    expect(after).not.toBe(before);
    expect(await shown()).toBe(after);
  });

  test('runs containers of the base image with its own Docker, with no internet', async () => {
    const image = await host.baseImage();
    const hardened =
      '--read-only --cap-drop ALL --security-opt no-new-privileges --memory 64m --pids-limit 32 --user 1000';
    const inside = await ssh(
      'ops',
      `docker run --rm ${hardened} ${image} sh -c 'id -u; cat /etc/debian_version'`,
    );
    expect(inside).toMatchObject({code: 0, stdout: expect.stringMatching(/^1000\n12\.\d+\n$/) as string});
    const outside = await host.exec(['curl', '--silent', '--max-time', '2', 'http://192.0.2.1/']);
    expect(outside.code).not.toBe(0);
  });

  test('the two hosts reach each other, and each has its own disk and engine', async () => {
    const other = rig.hosts[1];
    if (!other) throw new Error('a rig of two hosts has a second one');
    expect(await host.exec(['sh', '-c', `ssh-keyscan -t ed25519 ${other.address}`])).toMatchObject({code: 0});
    await host.writeFile('/var/lib/berth/mine', 'mine');
    expect((await other.exec(['test', '-e', '/var/lib/berth/mine'])).code).toBe(1);
    const id = (machine: RigHost) => machine.must(['docker', 'info', '--format', '{{.ID}}']);
    expect(await id(host)).not.toBe(await id(other));
  });

  test.each(['orderly', 'power-cut'] as const)(
    'a reboot (%s) keeps files, address, host key, and brings containers back',
    async (how) => {
      const image = await host.baseImage();
      const fingerprint = await host.hostKeyFingerprint();
      await host.writeFile('/home/ops/kept', how);
      await host.writeFile('/run/gone', how);
      await host.must([
        'docker',
        'run',
        '--detach',
        '--name',
        `kept-${how}`,
        '--restart',
        'unless-stopped',
        image,
        'sleep',
        'infinity',
      ]);
      await host.must(['sync']);
      await host.reboot(how);
      expect(await ssh('ops', 'cat kept')).toMatchObject({code: 0, stdout: how});
      expect((await host.exec(['test', '-e', '/run/gone'])).code).toBe(1);
      expect(await host.hostKeyFingerprint()).toBe(fingerprint);
      const running = await host.must([
        'docker',
        'ps',
        '--filter',
        `name=kept-${how}`,
        '--format',
        '{{.State}}',
      ]);
      expect(running).toBe('running');
      await host.must(['docker', 'rm', '--force', `kept-${how}`]);
    },
  );

  test('a cut network swallows packets, and its own side still answers the test', async () => {
    await host.cutNetwork();
    expect(await ssh('ops', 'true')).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('timed out') as string,
    });
    expect(await host.must(['id', '-un'])).toBe('root');
    await host.restoreNetwork();
    expect(await ssh('ops', 'true')).toMatchObject({code: 0});
  });

  test('sshd and Docker can be restarted, and Docker can be gone', async () => {
    await host.restartSshd();
    expect(await ssh('ops', 'docker ps -q')).toMatchObject({code: 0});
    await host.stopDocker();
    const gone = await ssh('ops', 'docker ps');
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('Cannot connect to the Docker daemon');
    await host.startDocker();
    expect(await ssh('ops', 'docker ps -q')).toMatchObject({code: 0});
  });

  test('its disk can be full, and free again', async () => {
    await host.fillDisk();
    for (const path of ['/var/lib/berth', '/var/lib/docker', '/home/ops']) {
      const full = await host.exec([
        'sh',
        '-c',
        `head -c 1000000 /dev/zero > ${path}/more; code=$?; rm -f ${path}/more; exit $code`,
      ]);
      expect(full.code, path).not.toBe(0);
      expect(full.stderr).toContain('No space left on device');
    }
    await host.freeDisk();
    expect(
      (await host.exec(['sh', '-c', 'head -c 1000000 /dev/zero > /home/ops/more && rm /home/ops/more'])).code,
    ).toBe(0);
  });
});
