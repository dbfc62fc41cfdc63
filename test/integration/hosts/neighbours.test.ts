import {execFile} from 'node:child_process';
import {connect} from 'node:net';
import {once} from 'node:events';
import {readdirSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {openNeighbours, type Hold, type Neighbours} from '../../../src/hosts/neighbours/hold/index.ts';
import {burner, niceOf, stateOf, USUAL_NICE, type Burner} from '../../support/burner.ts';
import {needs} from '../../support/needs.ts';
import {needsDocker} from '../../rig/rig.ts';
import {rigImages} from '../../rig/image.ts';

const run = promisify(execFile);
const GRACE_MS = 2000;

const openHere = (): Neighbours =>
  openNeighbours(async () => {
    const socket = connect('/var/run/docker.sock');
    await once(socket, 'connect');
    return socket;
  });

const until = (what: string, holds: () => boolean | Promise<boolean>): Promise<true> =>
  waitFor(async () => ((await holds()) ? (true as const) : undefined), {
    what: () => what,
    deadline: seconds(10),
    clock: systemClock,
  });

/** The niceness of every thread of these processes. */
const threadNices = (pids: readonly number[]): number[] =>
  pids.flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((id) => niceOf(Number(id))));

async function holding(one: Burner, action: Hold['action']): Promise<{neighbours: Neighbours; hold: Hold}> {
  const neighbours = openHere();
  const processes = neighbours.identify(one.pids.slice(0, 1));
  const hold = await neighbours.prepare(action, {kind: 'processes', processes});
  await neighbours.hold(hold, GRACE_MS);
  return {neighbours, hold};
}

const onLinux = needs(process.platform === 'linux' && process.getuid?.() === 0, 'Linux with root');

/** A kernel may be set otherwise: then there is nothing to lower but priorities. */
const groupsSessions =
  (await readFile('/proc/sys/kernel/sched_autogroup_enabled', 'utf8').catch(() => '')).trim() === '1';

/** The niceness of the session of these processes; 0 where the kernel knows of none. */
async function sessionNice([pid = 0]: readonly number[]): Promise<number> {
  const text = await readFile(`/proc/${pid}/autogroup`, 'utf8').catch(() => '');
  return Number(/ nice (-?\d+)$/m.exec(text)?.[1] ?? 0);
}

describe.skipIf(!onLinux)('processes of a neighbour', () => {
  it('are lowered with all their threads and children, and put back as they were', async () => {
    await using one = await burner(2);
    const {neighbours, hold} = await holding(one, 'lower');
    expect(one.pids).toHaveLength(2);
    expect(new Set(threadNices(one.pids))).toEqual(new Set([19]));
    await neighbours.release(hold, []);
    expect(new Set(threadNices(one.pids))).toEqual(new Set([USUAL_NICE]));
  });

  it('are lowered against other sessions too, where the kernel shares the cores out to sessions', async () => {
    await using one = await burner(2);
    const {neighbours, hold} = await holding(one, 'lower');
    expect(hold).toMatchObject({autogroups: groupsSessions ? [{nice: 0}] : []});
    expect(await sessionNice(one.pids)).toBe(groupsSessions ? 19 : 0);
    await neighbours.release(hold, []);
    expect(await sessionNice(one.pids)).toBe(0);
  });

  it('leave a session alone that others are in', async () => {
    const {child} = await burner(1, {}, {detached: false});
    try {
      const neighbours = openHere();
      const processes = neighbours.identify([child.pid ?? 0]);
      const hold = await neighbours.prepare('lower', {kind: 'processes', processes});
      expect(hold).toMatchObject({autogroups: []});
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('are put back each to its own, and so is what they have started meanwhile', async () => {
    await using one = await burner(2);
    const [parent = 0, child = 0] = one.pids;
    await run('renice', ['-n', '15', '-p', String(child)]);
    const {neighbours, hold} = await holding(one, 'lower');
    await using joined = await burner(1);
    await run('renice', ['-n', '19', '-p', String(joined.pids[0])]);
    await neighbours.release(hold, neighbours.identify(joined.pids));
    expect([niceOf(parent), niceOf(child)]).toEqual([USUAL_NICE, 15]);
    expect(niceOf(joined.pids[0] ?? 0)).toBe(USUAL_NICE);
  });

  it('are paused and go on', async () => {
    await using one = await burner(2);
    const {neighbours, hold} = await holding(one, 'pause');
    await until('both to stop', () => one.pids.every((pid) => stateOf(pid) === 'T'));
    await neighbours.release(hold, []);
    await until('both to run', () => one.pids.every((pid) => stateOf(pid) !== 'T'));
  });

  it('can be held twice and let go twice: a watch that was killed does it again', async () => {
    await using one = await burner(1);
    const {neighbours, hold} = await holding(one, 'lower');
    const again = JSON.parse(JSON.stringify(hold)) as Hold;
    await neighbours.hold(again, GRACE_MS);
    await neighbours.release(again, []);
    await neighbours.release(again, []);
    expect(threadNices(one.pids).every((nice) => nice === USUAL_NICE)).toBe(true);
  });

  it('are asked to end, and ended when they do not listen', async () => {
    await using polite = await burner(2);
    await holding(polite, 'stop');
    expect(polite.pids.map(stateOf)).toEqual([undefined, undefined]);
    await using stubborn = await burner(1, {BURN_STUBBORN: '1'});
    const started = performance.now();
    await holding(stubborn, 'stop');
    await until('it to be gone', () => stateOf(stubborn.pids[0] ?? 0) === undefined);
    expect(performance.now() - started).toBeGreaterThanOrEqual(GRACE_MS);
  });

  it('ends one that is paused', async () => {
    await using one = await burner(1);
    await holding(one, 'pause');
    await holding(one, 'stop');
    expect(stateOf(one.pids[0] ?? 0)).toBeUndefined();
  });

  it('never touches a process that has got the number of another', async () => {
    await using one = await burner(1);
    const neighbours = openHere();
    const [identity] = neighbours.identify(one.pids);
    // The same number, and the start of a process that is gone.
    const former = {pid: identity?.pid ?? 0, started: `${identity?.started ?? ''}1`};
    await expect(neighbours.prepare('stop', {kind: 'processes', processes: [former]})).rejects.toThrow(
      'no process',
    );
    const hold: Hold = {
      kind: 'processes',
      action: 'stop',
      processes: [{...former, nice: 0}],
      weights: [],
      autogroups: [],
    };
    await neighbours.hold(hold, GRACE_MS);
    await neighbours.hold({...hold, action: 'pause'}, GRACE_MS);
    await neighbours.hold({...hold, action: 'lower'}, GRACE_MS);
    expect(stateOf(former.pid)).toMatch(/[RS]/);
    expect(niceOf(former.pid)).toBe(USUAL_NICE);
  });

  it('never touches a family that the caller belongs to', async () => {
    const neighbours = openHere();
    const processes = neighbours.identify([process.pid]);
    await expect(neighbours.prepare('pause', {kind: 'processes', processes})).rejects.toThrow('watches it');
  });
});

describe.skipIf(await needsDocker())('containers of a neighbour', () => {
  const cpuOf = async (id: string): Promise<unknown> => {
    const {stdout} = await run('docker', ['inspect', '-f', '{{json .HostConfig}} {{.State.Status}}', id]);
    const {CpuShares, NanoCpus, CpuQuota} = JSON.parse(stdout.slice(0, stdout.lastIndexOf(' '))) as Record<
      string,
      number
    >;
    return {CpuShares, NanoCpus, CpuQuota, status: stdout.trim().split(' ').at(-1)};
  };

  const start = async (...options: string[]): Promise<{id: string} & AsyncDisposable> => {
    const {base} = await rigImages();
    const {stdout} = await run('docker', ['run', '-d', ...options, base, 'sleep', '300']);
    const id = stdout.trim();
    return {
      id,
      async [Symbol.asyncDispose]() {
        await run('docker', ['rm', '-f', id]);
      },
    };
  };

  it.each([
    ['none', [], {CpuShares: 1024, NanoCpus: 0, CpuQuota: -1}, {CpuShares: 2, NanoCpus: 0, CpuQuota: 20_000}],
    [
      'limits of its own',
      ['--cpu-shares', '512', '--cpus', '1.5'],
      {CpuShares: 512, NanoCpus: 1_500_000_000, CpuQuota: 0},
      {CpuShares: 2, NanoCpus: 200_000_000, CpuQuota: 0},
    ],
  ])('are lowered and put back: one with %s', async (_name, options, after, lowered) => {
    await using container = await start(...options);
    using neighbours = openHere();
    const hold = await neighbours.prepare('lower', {kind: 'container', id: container.id});
    await neighbours.hold(hold, GRACE_MS);
    expect(await cpuOf(container.id)).toEqual({...lowered, status: 'running'});
    await neighbours.release(hold, []);
    expect(await cpuOf(container.id)).toEqual({...after, status: 'running'});
  });

  it('are paused, go on, and end', async () => {
    await using container = await start();
    using neighbours = openHere();
    const target = {kind: 'container', id: container.id} as const;
    const pause = await neighbours.prepare('pause', target);
    await neighbours.hold(pause, GRACE_MS);
    await neighbours.hold(pause, GRACE_MS);
    expect(await cpuOf(container.id)).toMatchObject({status: 'paused'});
    await neighbours.release(pause, []);
    await neighbours.release(pause, []);
    expect(await cpuOf(container.id)).toMatchObject({status: 'running'});
    const stop = await neighbours.prepare('stop', target);
    await neighbours.hold(stop, GRACE_MS);
    expect(await cpuOf(container.id)).toMatchObject({status: 'exited'});
    await expect(neighbours.prepare('pause', target)).rejects.toThrow('does not run');
  });

  it('that are gone have nothing to undo', async () => {
    using neighbours = openHere();
    let hold: Hold;
    {
      await using container = await start();
      hold = await neighbours.prepare('pause', {kind: 'container', id: container.id});
    }
    await neighbours.release(hold, []);
    await neighbours.release({...hold, action: 'lower'}, []);
    await expect(neighbours.hold(hold, GRACE_MS)).rejects.toThrow(/No such container/i);
  });
});
