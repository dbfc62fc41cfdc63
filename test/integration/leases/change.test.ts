import {spawn} from 'node:child_process';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms} from '../../../src/base/units.ts';
import {changeLeases} from '../../../src/capacity/leases/change.ts';
import {leaseRegistry} from '../../../src/capacity/leases/registry.ts';
import {localFiles} from '../../../src/hosts/local/files.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const source = (path: string): string =>
  JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);

/** A client in a program of its own: promises a GiB unless four are promised already. */
const client = (stateRoot: string, name: string): string => `
  import {changeLeases} from ${source('capacity/leases/change.ts')};
  import {leaseRegistry} from ${source('capacity/leases/registry.ts')};
  import {localFiles} from ${source('hosts/local/files.ts')};
  import {systemClock} from ${source('base/clock.ts')};
  const host = {stateRoot: ${JSON.stringify(stateRoot)}, files: localFiles};
  const registry = leaseRegistry(host);
  const signal = new AbortController().signal;
  process.stdout.write(await changeLeases(host, {clock: systemClock, signal}, async () => {
    if ((await registry.all()).length >= 4) return 'refused';
    await registry.save({schema: 'berth.lease/1', name: ${JSON.stringify(name)}, device: 'cpu', bytes: 2 ** 30,
      owner: 'test', createdAt: new Date().toISOString(), subject: {kind: 'open'}, tier: 'T0'});
    return 'promised';
  }));`;

it('lets clients that come at the same time promise no byte twice', async () => {
  await using folder = await temporaryFolder();
  const answers = await Promise.all(
    Array.from({length: 6}, async (_, index) => {
      const code = client(folder.path, `lease-${index}`);
      const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return text(child.stdout);
    }),
  );
  expect(answers.toSorted()).toEqual([...Array<string>(4).fill('promised'), 'refused', 'refused']);
  expect(await leaseRegistry({stateRoot: folder.path, files: localFiles}).all()).toHaveLength(4);
});

it('says who is in the way when its turn does not come, and waits no longer than it was told', async () => {
  await using folder = await temporaryFolder();
  const host = {stateRoot: folder.path, files: localFiles};
  const options = {
    clock: systemClock,
    signal: new AbortController().signal,
    times: {beat: ms(50), ttl: ms(2000)},
  };
  const held = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  const first = changeLeases(host, options, async () => {
    begun.resolve(undefined);
    await held.promise;
  });
  await begun.promise;
  const second = changeLeases(host, {...options, patience: ms(0)}, () => Promise.resolve());
  await expect(second).rejects.toMatchObject({code: 'leases_busy'});
  held.resolve(undefined);
  await first;
  expect(await localFiles.list(join(folder.path, '.leases'))).toEqual([]);
});
