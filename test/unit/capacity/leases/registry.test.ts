import {describe, expect, it} from 'vitest';
import {gib} from '../../../../src/base/units.ts';
import {leaseRegistry} from '../../../../src/capacity/leases/registry.ts';
import type {Lease} from '../../../../src/capacity/leases/lease.ts';
import {localFiles} from '../../../../src/hosts/local/files.ts';
import {temporaryFolder} from '../../../support/temporary.ts';
import {stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

const lease = (name: string): Lease => ({
  schema: 'berth.lease/1',
  name,
  device: 'cpu',
  bytes: gib(2),
  owner: 'ann@laptop',
  createdAt: '2026-01-01T00:00:00.000Z',
  subject: {kind: 'open'},
  tier: 'T0',
});

describe('the leases of a host', () => {
  it('are files that only their owner reads, found again by name, sorted', async () => {
    await using folder = await temporaryFolder();
    const registry = leaseRegistry({stateRoot: folder.path, files: localFiles});
    expect(await registry.all()).toEqual([]);
    await registry.save(lease('sd'));
    await registry.save(lease('comfyui'));
    expect((await registry.all()).map(({name}) => name)).toEqual(['comfyui', 'sd']);
    expect(await registry.find('sd')).toEqual(lease('sd'));
    expect((await stat(join(folder.path, '.leases/sd.json'))).mode & 0o777).toBe(0o600);
    await registry.remove('sd');
    expect((await registry.all()).map(({name}) => name)).toEqual(['comfyui']);
  });

  it('are not reached by a name that would leave their folder', async () => {
    await using folder = await temporaryFolder();
    const registry = leaseRegistry({stateRoot: folder.path, files: localFiles});
    for (const name of ['../secret', 'a/b', '', '.hidden', 'UPPER', 'x'.repeat(40)]) {
      await expect(registry.find(name)).rejects.toMatchObject({code: 'lease_unknown', exit: 2});
      await expect(Promise.resolve().then(() => registry.save(lease(name)))).rejects.toMatchObject({
        code: 'lease_name_invalid',
      });
    }
  });

  it('name what was probably meant', async () => {
    await using folder = await temporaryFolder();
    const registry = leaseRegistry({stateRoot: folder.path, files: localFiles});
    await registry.save(lease('comfyui'));
    await expect(registry.find('comfui')).rejects.toMatchObject({
      try: ['berth lease show comfyui', 'berth lease ls'],
    });
  });

  it('are not passed over when a file is damaged: it may hold a promise', async () => {
    await using folder = await temporaryFolder();
    const registry = leaseRegistry({stateRoot: folder.path, files: localFiles});
    await registry.save(lease('sd'));
    await writeFile(join(folder.path, '.leases/bad.json'), '{"schema": "berth.lease/1"');
    await expect(registry.all()).rejects.toMatchObject({code: 'state_file_damaged'});
  });
});
