import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {processesOf} from '../../support/processes.ts';

const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
  waitFor(ask, {what: () => what, deadline: seconds(30), clock: systemClock, every: ms(50)});

/** Kills the command at the moment it says that this step begins. False: it ended before. */
async function killAtStep(child: ChildProcess, step: string, signal: NodeJS.Signals): Promise<boolean> {
  const exited = once(child, 'exit');
  if (!child.stderr) throw new Error('no stderr');
  child.stdout?.resume();
  for await (const line of createInterface(child.stderr)) {
    const event = line.startsWith('{') ? (JSON.parse(line) as {id: string; status: string}) : undefined;
    if (event?.id === step && event.status === 'started') {
      child.kill(signal);
      await exited;
      return true;
    }
  }
  await exited;
  return false;
}

const pidsOf = async (berth: Berth): Promise<{supervisor: number; gateway: number[]; engine: number[]}> =>
  (await berth.json('status')).value.pids as {supervisor: number; gateway: number[]; engine: number[]};

/** The deployment serves, and three programs are all there is of it. */
async function settled(berth: Berth): Promise<Record<string, unknown>> {
  const value = await until('the deployment to serve', async () => {
    const {value} = await berth.json('status');
    return value.state === 'serving' && value.changing === undefined ? value : undefined;
  });
  expect((await berth.ask('Hello!')).done).toBe(true);
  await until('nothing else to run', async () =>
    (await processesOf(berth.home)).length === 3 ? true : undefined,
  );
  return value;
}

describe('whatever is killed, whenever', () => {
  let berth: Berth;
  beforeEach(async () => {
    berth = await openBerth();
    const {code, stderr} = await berth.run('deploy', '--model', 'nano');
    expect(code, stderr).toBe(0);
  });
  afterEach(async () => {
    await berth[Symbol.asyncDispose]();
    expect(await processesOf(berth.home)).toEqual([]);
  });

  it.each([
    ['auto', 'read-device'],
    ['auto', 'start'],
    ['auto', 'gate'],
    ['auto', 'switch'],
    ['auto', 'drain'],
    ['swap', 'drain'],
    ['swap', 'stop-old'],
    ['swap', 'start'],
    ['swap', 'gate'],
    ['swap', 'switch'],
  ])(
    'the command (update %s) at step %s: a release serves, and the next deploy converges',
    async (update, step) => {
      const flags = ['deploy', '--model', 'nano', '--context', '1024', '--update', update];
      expect(await killAtStep(berth.spawn(...flags, '--json'), step, 'SIGKILL')).toBe(true);
      const {release} = await settled(berth);
      // Before the switch nothing is committed; from the switch on it may be either.
      if (!['switch', 'drain'].includes(step) || (update === 'swap' && step === 'drain'))
        expect(release).toBe(1);
      const {code, value} = await berth.json(...flags);
      expect(code).toBe(0);
      expect(['deployed', 'unchanged']).toContain(value.outcome);
      await settled(berth);
    },
  );

  it('the command by Ctrl-C during a swap: exit 130, the old release serves', async () => {
    const child = berth.spawn('deploy', '--model', 'nano', '--context', '1024', '--update', 'swap', '--json');
    expect(await killAtStep(child, 'gate', 'SIGINT')).toBe(true);
    expect(child.exitCode).toBe(130);
    expect((await settled(berth)).release).toBe(1);
  });

  it('the engine while nobody waits: the next request waits for it and is answered', async () => {
    const [pid] = (await pidsOf(berth)).engine;
    if (pid === undefined) throw new Error('no engine');
    process.kill(pid, 'SIGKILL');
    await until('its end to be seen', async () => {
      const {value} = await berth.json('status');
      return value.restarts === 1 || value.state !== 'serving' ? true : undefined;
    });
    expect((await berth.ask('Hello!')).done).toBe(true);
  });

  it.each(['engine', 'gateway'] as const)('the %s: it is back by itself', async (program) => {
    const [pid] = (await pidsOf(berth))[program];
    if (pid === undefined) throw new Error(`no ${program}`);
    process.kill(pid, 'SIGKILL');
    await until('another process', async () => {
      const [now] = (await pidsOf(berth))[program];
      return now !== undefined && now !== pid ? true : undefined;
    });
    await settled(berth);
  });

  it.each(['start', 'deploy'])(
    'the supervisor: nothing is left running, and "berth %s" brings it back',
    async (command) => {
      const {supervisor} = await pidsOf(berth);
      process.kill(supervisor, 'SIGKILL');
      await until('everything to end', async () =>
        (await processesOf(berth.home)).length === 0 ? true : undefined,
      );
      expect((await berth.json('status')).value).toMatchObject({state: 'dead', release: 1});
      const flags = command === 'deploy' ? ['--model', 'nano'] : [];
      expect((await berth.json(command, ...flags)).value).toMatchObject({outcome: 'restarted', release: 1});
      await settled(berth);
    },
  );

  it('everything at once: the next start brings it back', async () => {
    for (const {pid} of await processesOf(berth.home)) process.kill(pid, 'SIGKILL');
    expect((await berth.json('start')).value).toMatchObject({outcome: 'restarted', release: 1});
    await settled(berth);
  });

  it('two deploys at once: one after the other, or one refused', async () => {
    const results = await Promise.all([
      berth.json('deploy', '--model', 'nano', '--context', '1024'),
      berth.json('deploy', '--model', 'nano', '--context', '2048'),
    ]);
    // The second one goes on when the first has ended before it had to be refused.
    expect(results.map(({code}) => code)).toContain(0);
    for (const {value} of results.filter(({code}) => code !== 0)) {
      expect(value).toMatchObject({error: {code: 'deploy_in_progress', exit: 1}});
    }
    const last = Math.max(...results.map(({value}) => Number(value.release ?? 0)));
    expect((await settled(berth)).release).toBe(last);
  });
});
