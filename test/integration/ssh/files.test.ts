import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {describeHostFiles} from '../../contract/hosts/describe-host-files.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';
import {sshHost} from '../../support/ssh.ts';
import type {SshHost} from '../../../src/hosts/index.ts';

describe.skipIf(await needsDocker())('over SFTP', () => {
  let rig: Rig;
  let ops: SshHost;
  let home = '';
  let count = 0;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    home = await mkdtemp(join(tmpdir(), 'berth-home-'));
    ops = await sshHost(rig.hosts[0], 'ops', home);
  }, RIG_START_MS);
  afterAll(async () => {
    await ops[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
    await rm(home, {recursive: true});
  });

  describeHostFiles('a host over SSH', async () => {
    const folder = `/home/ops/files-${count++}`;
    await rig.hosts[0].must(['mkdir', folder], {user: 'ops'});
    return {
      files: ops.files,
      folder,
      modeOf: (path) => rig.hosts[0].must(['stat', '--format', '%a', path]),
    };
  });

  it('names a folder that is not theirs, and a full disk', async () => {
    await expect(ops.files.write('/var/lib/berth/x/y', '')).rejects.toMatchObject({
      code: 'state_not_writable',
      details: {reason: 'EACCES'},
    });
    await rig.hosts[0].fillDisk();
    try {
      await expect(ops.files.write('/home/ops/full', 'x'.repeat(100_000))).rejects.toMatchObject({
        code: 'state_not_writable',
        details: {reason: 'ENOSPC'},
      });
      expect(await ops.files.list('/home/ops')).not.toContainEqual(expect.stringContaining('full'));
    } finally {
      await rig.hosts[0].freeDisk();
    }
  });
});
