import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {openLocalHost} from '../../../src/hosts/index.ts';
import {PROTOCOL} from '../../../src/hosts/runtimes/supervisor/wire.ts';
import {DEPLOYMENT, gatewaySpec, processWorld, until} from '../../contract/hosts/world.ts';

test('two owners at the same moment, with no supervisor yet: one changes, one is refused', async () => {
  await using world = await processWorld();
  const tries = await Promise.allSettled(
    ['alice', 'bob', 'carol'].map((owner) => world.runtime.begin(DEPLOYMENT, world.gateway, owner)),
  );
  const won = tries.filter((outcome) => outcome.status === 'fulfilled');
  const lost = tries.filter((outcome) => outcome.status === 'rejected');
  expect(won).toHaveLength(1);
  for (const {reason} of lost) expect(reason).toMatchObject({code: 'deploy_in_progress'});
  const {gateway} = await world.running();
  expect(await world.marked()).toEqual(gateway.pids);
  for (const {value} of won) await value[Symbol.asyncDispose]();
});

// Each version would be ended in its own way if it were taken for alive: by a call, or by SIGTERM.
test.each([
  ['this', PROTOCOL],
  ['another', PROTOCOL - 1],
])(
  'a process that got the number of a dead supervisor of %s version, or of its program, is never touched',
  async (_name, protocol) => {
    await using world = await processWorld();
    await world.deploy(world.engine(1));
    await world.runtime.stop(DEPLOYMENT, seconds(0));
    const stranger = spawn('sleep', ['600'], {stdio: 'ignore'});
    await once(stranger, 'spawn');
    const identity = {pid: stranger.pid, started: 'another-boot:1'};
    const folder = join(world.stateRoot, DEPLOYMENT);
    const record = {protocol, ...identity, port: 9, token: 'x'};
    await writeFile(join(folder, 'supervisor.json'), JSON.stringify(record));
    await writeFile(join(folder, 'programs.json'), JSON.stringify([identity]));
    expect(await world.observe()).toEqual({state: 'stopped', committedRelease: 1});
    await world.runtime.stop(DEPLOYMENT, seconds(0));
    await world.runtime.start(DEPLOYMENT);
    await world.answeredBy(1);
    await world.runtime.stop(DEPLOYMENT, seconds(0));
    expect(stranger.exitCode).toBeNull();
    expect(stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
  },
);

test('a damaged committed.json: start names it, and a new deploy heals it', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  process.kill((await world.running()).supervisorPid ?? 0, 'SIGKILL');
  await until('all to end', async () => ((await world.marked()).length === 0 ? true : undefined));
  const path = join(world.stateRoot, DEPLOYMENT, 'committed.json');
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 40));
  expect(await world.observe()).toEqual({state: 'dead'});
  await expect(world.runtime.start(DEPLOYMENT)).rejects.toMatchObject({
    code: 'state_file_damaged',
    details: {path},
  });
  await world.deploy(world.engine(2));
  await world.answeredBy(2);
  expect((await readFile(`${path}.damaged`, 'utf8')).length).toBe(40);
});

test('a supervisor.json that is damaged under a running supervisor is not the end of it', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  const {supervisorPid} = await world.running();
  const path = join(world.stateRoot, DEPLOYMENT, 'supervisor.json');
  await writeFile(path, '{');
  await until('it to be written again', async () => {
    const observed = await world.observe();
    return observed.state === 'running' ? observed : undefined;
  });
  expect((await world.running()).supervisorPid).toBe(supervisorPid);
});

test('a supervisor that hangs is told from one that is gone, and stop ends it', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  process.kill((await world.running()).supervisorPid ?? 0, 'SIGSTOP');
  await expect(world.observe()).rejects.toMatchObject({code: 'supervisor_silent', exit: 3});
  await world.runtime.stop(DEPLOYMENT, seconds(0));
  expect(await world.marked()).toEqual([]);
  expect(await world.observe()).toEqual({state: 'stopped', committedRelease: 1});
});

test('a state folder that cannot be written is an error with its path', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-hosts-'));
  const stateRoot = join(folder, 'state');
  await writeFile(stateRoot, 'a file where a folder should be');
  await using host = openLocalHost({stateRoot, clock: systemClock, env: process.env});
  const begin = (await host.runtime('process')).begin(DEPLOYMENT, gatewaySpec(9), 'nobody');
  await expect(begin).rejects.toMatchObject({
    code: 'state_not_writable',
    details: {path: join(stateRoot, DEPLOYMENT)},
  });
  await expect(host.files.claimFolder(join(stateRoot, 'lock'))).rejects.toMatchObject({
    code: 'state_not_writable',
  });
  await rm(folder, {recursive: true});
});

test('what holds secrets is readable by its owner alone', async () => {
  await using world = await processWorld();
  // Somebody's open umask must not matter.
  await mkdir(join(world.stateRoot, DEPLOYMENT), {mode: 0o755});
  await world.deploy(world.engine(1));
  const mode = async (name: string): Promise<number> =>
    (await stat(join(world.stateRoot, DEPLOYMENT, name))).mode & 0o777;
  expect(await mode('.')).toBe(0o700);
  for (const name of ['supervisor.json', 'committed.json', 'logs/supervisor.log', 'logs/engine-1.log']) {
    expect(await mode(name)).toBe(0o600);
  }
  const log = await readFile(join(world.stateRoot, DEPLOYMENT, 'logs/supervisor.log'), 'utf8');
  const {token} = JSON.parse(
    await readFile(join(world.stateRoot, DEPLOYMENT, 'supervisor.json'), 'utf8'),
  ) as {
    token: string;
  };
  expect(log).not.toContain(token);
});
