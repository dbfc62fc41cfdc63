import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {processesOf, PROGRAMS} from '../../support/processes.ts';

const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
  waitFor(ask, {what: () => what, deadline: seconds(30), clock: systemClock, every: ms(50)});

/** Does something at the moment a command says that this step begins, and waits for its end. False: it ended before. */
async function atStep(child: ChildProcess, step: string, act: () => unknown): Promise<boolean> {
  const exited = once(child, 'exit');
  if (!child.stderr) throw new Error('no stderr');
  child.stdout?.resume();
  let acted = false;
  for await (const line of createInterface(child.stderr)) {
    const event = line.startsWith('{') ? (JSON.parse(line) as {id: string; status: string}) : undefined;
    if (acted || event?.id !== step || event.status !== 'started') continue;
    acted = true;
    await act();
  }
  await exited;
  return acted;
}

/** Kills the command at the moment it says that this step begins. False: it ended before. */
const killAtStep = (child: ChildProcess, step: string, signal: NodeJS.Signals): Promise<boolean> =>
  atStep(child, step, () => child.kill(signal));

interface Pids {
  supervisor: number;
  gateway: number[];
  engine: number[];
}

const pidsOf = async (berth: Berth): Promise<Pids> => (await berth.json('status')).value.pids as Pids;

/** The deployment serves, and its own programs are all there is of it. */
async function settled(berth: Berth): Promise<Record<string, unknown>> {
  const value = await until('the deployment to serve', async () => {
    const {value} = await berth.json('status');
    return value.state === 'serving' && value.changing === undefined ? value : undefined;
  });
  expect((await berth.ask('Hello!')).done).toBe(true);
  await until('nothing else to run', async () =>
    (await processesOf(berth.home)).length === PROGRAMS ? true : undefined,
  );
  return value;
}

describe('the command, killed at a step of the very first deploy', () => {
  it.each(['read-device', 'start', 'gate', 'switch'])(
    '%s: nothing is left running, or the release serves; and the next deploy serves',
    async (step) => {
      await using berth = await openBerth();
      expect(await killAtStep(berth.spawn('deploy', '--model', 'nano', '--json'), step, 'SIGKILL')).toBe(
        true,
      );
      await until('it to settle', async () => {
        const {value} = await berth.json('status');
        const left = (await processesOf(berth.home)).length;
        return (value.state === 'absent' && left === 0) || (value.state === 'serving' && left === PROGRAMS)
          ? true
          : undefined;
      });
      expect((await berth.json('deploy', '--model', 'nano')).code).toBe(0);
      await settled(berth);
    },
  );
});

/** The programs that a deploy works with, killed under its hands. Each case ends where the next one can begin. */
describe('a program, killed at a step of a deploy', () => {
  let berth: Berth;
  let context = 1024;
  beforeAll(async () => {
    berth = await openBerth();
    const {code, stderr} = await berth.run('deploy', '--model', 'nano');
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    expect(await processesOf(berth.home)).toEqual([]);
  });

  const killed = {
    supervisor: ({supervisor}: Pids) => [supervisor],
    gateway: ({gateway}: Pids) => gateway,
    'old engine': ({engine}: Pids) => engine,
    candidate: async ({supervisor, gateway, engine}: Pids) => {
      const known = new Set([supervisor, ...gateway, ...engine]);
      return until('a candidate', async () => {
        const all = await processesOf(berth.home);
        const found = all.filter(({pid, command}) => !known.has(pid) && command.includes('embedded/main'));
        return found.length > 0 ? found.map(({pid}) => pid) : undefined;
      });
    },
  };

  it.each<[keyof typeof killed, string, string]>([
    ['supervisor', 'auto', 'start'],
    ['supervisor', 'auto', 'gate'],
    ['supervisor', 'swap', 'stop-old'],
    ['supervisor', 'swap', 'gate'],
    ['supervisor', 'swap', 'switch'],
    ['gateway', 'auto', 'gate'],
    ['gateway', 'swap', 'drain'],
    ['gateway', 'swap', 'gate'],
    ['old engine', 'auto', 'gate'],
    ['old engine', 'swap', 'drain'],
    ['candidate', 'auto', 'gate'],
    ['candidate', 'swap', 'gate'],
  ])('the %s (update %s) at step %s: the next deploy converges', async (victim, update, step) => {
    const before = (await settled(berth)).release as number;
    const pids = await pidsOf(berth);
    const flags = ['deploy', '--model', 'nano', '--context', String((context += 256)), '--update', update];
    const child = berth.spawn(...flags, '--json');
    const acted = await atStep(child, step, async () => {
      for (const pid of await killed[victim](pids)) process.kill(pid, 'SIGKILL');
    });
    expect(acted).toBe(true);
    // It may end well (a gateway comes back by itself) or tell what happened, but never hang or be a bug.
    expect([0, 1, 3, 4]).toContain(child.exitCode);
    const {code, value, stderr} = await berth.json(...flags);
    expect(code, stderr).toBe(0);
    expect(['deployed', 'unchanged', 'restarted']).toContain(value.outcome);
    const {release} = await settled(berth);
    expect(release).toBeGreaterThan(before);
  });
});

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
