import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {openBerth} from '../../support/berth.ts';

describe.skipIf(await needsDocker())('berth host', () => {
  let rig: Rig;
  let host: RigHost;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
  }, RIG_START_MS);
  afterAll(() => rig[Symbol.asyncDispose]());

  it('registers, lists, checks and forgets a machine, without a terminal', async () => {
    await using berth = await openBerth();
    const target = `ssh://ops@${host.address}`;
    const add = ['host', 'add', 'rig1', target, '--identity', host.keyFile];
    const fingerprint = await host.hostKeyFingerprint();

    const refused = await berth.run(...add);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(fingerprint);
    expect(refused.stderr).toContain(`berth ${add.join(' ')} --host-key ${fingerprint}`);

    const added = await berth.json(...add, '--host-key', fingerprint);
    expect(added).toMatchObject({
      code: 0,
      value: {
        name: 'rig1',
        host: {
          ok: true,
          user: 'ops',
          hostKey: fingerprint,
          handshakes: 1,
          docker: {reachable: true, by: 'socket'},
        },
      },
    });
    const file = join(berth.home, '.config/berth/hosts/rig1.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({target, identity: host.keyFile});

    expect(await berth.json('host', 'ls')).toMatchObject({
      value: {hosts: [{name: 'local'}, {name: 'rig1', target, hostKeys: [{fingerprint}]}]},
    });
    const checked = await berth.run('host', 'check', 'rig1');
    expect(checked.code).toBe(0);
    expect(checked.stdout).toContain('/home/ops/.local/state/berth');
    expect((await berth.run('host', 'check', 'rig1', '--lang', 'zh-CN')).stdout).toContain('状态目录');

    const other = await berth.json('host', 'add', 'rig1', 'ssh://ops@elsewhere');
    expect(other).toMatchObject({
      code: 2,
      value: {error: {code: 'host_exists', try: ['berth host rm rig1']}},
    });
    const typo = await berth.json('status', '--host', 'rig2');
    expect(typo).toMatchObject({code: 2, value: {error: {code: 'host_unknown'}}});
    expect((typo.value as {error: {try: string[]}}).error.try[0]).toBe('berth host check rig1');

    expect((await berth.run('host', 'rm', 'rig1')).code).toBe(0);
    expect(await berth.json('host', 'check', 'rig1')).toMatchObject({
      code: 2,
      value: {error: {code: 'host_unknown'}},
    });
  });

  it('tells with 3 that a machine is out of reach, and with 1 that its Docker is', async () => {
    await using berth = await openBerth();
    const fingerprint = await host.hostKeyFingerprint();
    const add = (user: string) =>
      berth.json(
        'host',
        'add',
        user,
        `${user}@${host.address}`,
        '-i',
        host.keyFile,
        '--host-key',
        fingerprint,
      );
    expect(await add('plain')).toMatchObject({
      code: 0,
      value: {host: {ok: false, docker: {reachable: false, error: {code: 'docker_forbidden'}}}},
    });
    expect((await berth.run('host', 'check', 'plain')).code).toBe(1);
    expect(await add('admin')).toMatchObject({value: {host: {docker: {by: 'sudo-dial-stdio'}}}});
    await host.cutNetwork();
    try {
      const cut = await berth.json('host', 'check', 'admin');
      expect(cut).toMatchObject({
        code: 3,
        value: {hosts: [{ok: false, unreachable: true, error: {code: 'ssh_unreachable'}}]},
      });
      expect((await berth.run('host', 'add', 'new', `ops@${host.address}`)).code).toBe(3);
    } finally {
      await host.restoreNetwork();
    }
  });
});
