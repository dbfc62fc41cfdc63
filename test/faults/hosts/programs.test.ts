import {readdir, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {ms, seconds} from '../../../src/base/units.ts';
import {askEngine, DEPLOYMENT, healthy, processWorld, until} from '../../contract/hosts/world.ts';

test('an engine that outlives its supervisor and ignores SIGTERM is ended by the next start', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1, {FAKE_OUTLIVES: '1', FAKE_IGNORES_TERM: '1'}));
  const {supervisorPid, engines} = await world.running();
  const [orphan] = engines[0]?.pids ?? [];
  process.kill(supervisorPid ?? 0, 'SIGKILL');
  await until('the others to end', async () => ((await world.marked()).length === 1 ? true : undefined));
  expect(await world.marked()).toEqual([orphan]);
  await world.runtime.start(DEPLOYMENT);
  await world.answeredBy(1);
  expect(await world.marked()).not.toContain(orphan);
});

test('stop ends what a dead supervisor left, and remembers that it is stopped', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1, {FAKE_OUTLIVES: '1', FAKE_IGNORES_TERM: '1'}));
  process.kill((await world.running()).supervisorPid ?? 0, 'SIGKILL');
  await world.runtime.stop(DEPLOYMENT, seconds(0));
  expect(await world.marked()).toEqual([]);
  expect(await world.observe()).toEqual({state: 'stopped', committedRelease: 1});
});

test('an engine that hangs in its load is ended when the change is given up', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  {
    await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'hanging');
    const {name} = await change.startEngine(world.engine(2, {FAKE_NEVER_READY: '1', FAKE_IGNORES_TERM: '1'}));
    await until('it to answer', async () => {
      const response = await askEngine(change, name, '/health').catch(() => undefined);
      return response?.status === 503 ? true : undefined;
    });
    await change.stopEngine(name, ms(100));
  }
  expect((await world.running()).engines).toMatchObject([{release: 1}]);
});

test('an engine whose thread hangs does not keep the deployment from stopping', async () => {
  await using world = await processWorld();
  {
    await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'hanging');
    const {name} = await change.startEngine(world.engine(1));
    await healthy(change, name);
    await askEngine(change, name, '/hang', 'POST');
    const before = performance.now();
    await change.stopEngine(name, ms(300));
    expect(performance.now() - before).toBeGreaterThan(290);
  }
  expect(await world.marked()).toEqual([]);
});

test('a program that does not exist fails at once and says so', async () => {
  await using world = await processWorld();
  await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'typo');
  const {name} = await change.startEngine({...world.engine(1), argv: ['/no/such/engine']});
  const failed = await until('the failure', async () => {
    const state = await change.engine(name);
    return state.state === 'failed' ? state : undefined;
  });
  expect(failed.lastExit.lastLines).toEqual([expect.stringContaining('ENOENT')]);
});

test('a gateway that cannot start fails the change with its lines, and nothing is left', async () => {
  await using world = await processWorld();
  const broken = {...world.gateway, env: {...world.gateway.env, FAKE_CRASH: 'no keys file'}};
  await expect(world.runtime.begin(DEPLOYMENT, broken, 'broken')).rejects.toMatchObject({
    code: 'gateway_failed',
    lastLines: ['no keys file'],
  });
  await until('the supervisor to end', async () => ((await world.marked()).length === 0 ? true : undefined));
  expect(await world.observe()).toEqual({state: 'absent'});
});

test('a port stolen between its choice and its use costs one more start', async () => {
  await using world = await processWorld();
  const thief = join(world.stateRoot, 'thief');
  await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'robbed');
  const {name} = await change.startEngine(world.engine(1, {FAKE_THIEF_FILE: thief}));
  await healthy(change, name);
  expect(await change.engine(name)).toMatchObject({state: 'running', restarts: 1});
  process.kill(Number(await readFile(thief, 'utf8')), 'SIGKILL');
});

test('a flood of output is rotated, keeps its lines whole, and does not fill memory', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  const {supervisorPid} = await world.running();
  await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'flood');
  const folder = join(world.stateRoot, DEPLOYMENT, 'logs');
  let peak = 0;
  // 50 MB of lines, of which 30 MiB may be kept.
  await askEngine(change, 'engine-1', '/flood?argument=500000', 'POST');
  await until(
    'the flood to be over',
    async () => {
      const status = await readFile(`/proc/${supervisorPid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]));
      const text = await readFile(join(folder, 'engine-1.log'), 'utf8').catch(() => '');
      return text.includes('flood over') ? true : undefined;
    },
    seconds(60),
  );
  const files = (await readdir(folder)).filter((name) => name.startsWith('engine-1.log')).sort();
  expect(files).toEqual(['engine-1.log', 'engine-1.log.1', 'engine-1.log.2']);
  for (const file of files) {
    expect((await stat(join(folder, file))).size).toBeLessThanOrEqual(10 * 1024 ** 2);
    const lines = (await readFile(join(folder, file), 'utf8')).trimEnd().split('\n');
    const odd = lines.filter(
      (line) => !/^\S{24} (\d{10} x{88}|flood over|fake engine 1 listens)$/.test(line),
    );
    expect(odd).toEqual([]);
  }
  expect(peak).toBeGreaterThan(0);
  expect(peak / 1024).toBeLessThan(250);
  await world.answeredBy(1);
});
