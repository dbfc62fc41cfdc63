import {mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {openLocalHost} from '../../../src/hosts/index.ts';
import {freePort, processWorld} from '../../contract/hosts/world.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-host-'));
});
afterEach(() => rm(folder, {recursive: true}));

const open = () => openLocalHost({stateRoot: folder, clock: systemClock, env: process.env});

test('files: private, whole, and absent without an error', async () => {
  await using host = open();
  const path = join(folder, 'a', 'b.json');
  expect(await host.files.read(path)).toBeUndefined();
  expect(await host.files.list(join(folder, 'a'))).toEqual([]);
  await host.files.write(path, '1');
  await host.files.write(path, '2');
  expect(await host.files.read(path)).toBe('2');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, 'a'))).toEqual(['b.json']);
  await host.files.move(path, join(folder, 'c'));
  await host.files.remove(join(folder, 'a'));
  await host.files.remove(join(folder, 'a'));
  expect(await host.files.list(folder)).toEqual(['c']);
});

test('of many that claim a folder at once, one gets it', async () => {
  await using host = open();
  const claims = await Promise.all(
    Array.from({length: 20}, () => host.files.claimFolder(join(folder, 'x/lock'))),
  );
  expect(claims.filter((mine) => mine)).toHaveLength(1);
});

test('facts are those of this machine', async () => {
  await using host = open();
  expect(await host.facts()).toMatchObject({
    hostname: hostname(),
    platform: process.platform,
    arch: process.arch,
  });
  expect((await host.facts()).os).not.toBe('');
});

test('the holder of a port has a name; a free port has none', async () => {
  await using host = open();
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  expect(await host.portHolder('127.0.0.1', port)).toMatchObject({port, pid: process.pid});
  expect(await host.portHolder('0.0.0.0', port)).toMatchObject({port, pid: process.pid});
  await new Promise((closed) => server.close(closed));
  expect(await host.portHolder('127.0.0.1', port)).toBeUndefined();
});

test('programs run in groups of their own, with a small environment', async () => {
  process.env.SURELY_PRIVATE = 'x';
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  delete process.env.SURELY_PRIVATE;
  const who = JSON.parse((await world.ask('/who')).body) as {environment: string[]};
  expect(who.environment).toContain('PATH');
  expect(who.environment).not.toContain('SURELY_PRIVATE');
  const {gateway, engines, supervisorPid} = await world.running();
  const pids = [supervisorPid, gateway.pids[0], engines[0]?.pids[0]];
  const groups = await Promise.all(
    pids.map(async (pid) => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[2]),
  );
  expect(groups).toEqual(pids.map(String));
});

test('only the last ten releases keep their engine logs', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  const logs = join(world.stateRoot, 'demo', 'logs');
  await writeFile(join(logs, 'engine-1.log.1'), 'old\n');
  await writeFile(join(logs, 'engine-2.log'), 'younger\n');
  await world.deploy(world.engine(11));
  expect((await readdir(logs)).filter((name) => name.startsWith('engine')).sort()).toEqual([
    'engine-11.log',
    'engine-2.log',
  ]);
});
