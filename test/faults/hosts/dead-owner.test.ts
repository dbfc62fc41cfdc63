import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {expect, test} from 'vitest';
import {DEPLOYMENT, processWorld, until, type World} from '../../contract/hosts/world.ts';

const OWNER = fileURLToPath(new URL('../../fakes/program/owner.ts', import.meta.url));

interface KilledOwner extends AsyncDisposable {
  /** Resolves when its process is gone. */
  kill(): Promise<void>;
}

/** Runs a deploy of release 2 in a process of its own, to the given point. */
async function deployUntil(world: World, point: string): Promise<KilledOwner> {
  const specs = [JSON.stringify(world.gateway), JSON.stringify(world.engine(2))];
  const child = spawn(process.execPath, [OWNER, world.stateRoot, ...specs, point], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const reached = Promise.withResolvers<undefined>();
  child.stdout.on('data', (text: Buffer) => {
    if (text.toString().includes(point)) reached.resolve(undefined);
  });
  child.once('exit', (code) => reached.reject(new Error(`the owner ended with ${code}`)));
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await reached.promise;
  } catch (error) {
    await kill();
    throw error;
  }
  return {kill, [Symbol.asyncDispose]: kill};
}

const POINTS = [
  {point: 'opened', serves: 1},
  {point: 'held', serves: 1},
  {point: 'stopped', serves: 1},
  {point: 'started', serves: 1},
  {point: 'routed', serves: 1},
  {point: 'committed', serves: 2},
];

test.for(POINTS)('an owner killed when $point: release $serves serves, alone', async ({point, serves}) => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  await using owner = await deployUntil(world, point);
  const held = point === 'held' || point === 'stopped' ? world.ask('/who') : undefined;
  await owner.kill();

  await until('the change to be over', async () => ((await world.running()).transition ? undefined : true));
  await world.answeredBy(serves);
  if (held) expect((await held).status).toBe(200);
  const {engines, committedRelease, gateway} = await world.running();
  expect(engines).toMatchObject([{release: serves, program: {state: 'running'}}]);
  expect(committedRelease).toBe(serves);
  const known = [...gateway.pids, ...engines.flatMap(({pids}) => pids)];
  expect((await world.marked()).sort()).toEqual(known.sort());
  await world.deploy(world.engine(3));
  await world.answeredBy(3);
});

test.for(POINTS)('a supervisor killed when $point: nothing is left, and start serves $serves', async (at) => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  await using owner = await deployUntil(world, at.point);
  process.kill((await world.running()).supervisorPid ?? 0, 'SIGKILL');
  await until('all programs to end', async () => ((await world.marked()).length === 0 ? true : undefined));
  expect(await world.observe()).toEqual({state: 'dead', committedRelease: at.serves});
  await owner.kill();
  await world.runtime.start(DEPLOYMENT);
  await world.answeredBy(at.serves);
  expect((await world.running()).engines).toHaveLength(1);
});

test('a supervisor killed under a living owner: the owner is told, and can let go', async () => {
  await using world = await processWorld();
  await world.deploy(world.engine(1));
  const change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'surprised');
  process.kill((await world.running()).supervisorPid ?? 0, 'SIGKILL');
  await expect(change.startEngine(world.engine(2))).rejects.toMatchObject({code: 'supervisor_gone', exit: 3});
  await change[Symbol.asyncDispose]();
  await world.deploy(world.engine(2));
  await world.answeredBy(2);
});
