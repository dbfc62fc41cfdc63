import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../../src/base/clock.ts';
import {BerthError} from '../../../../src/base/errors.ts';
import {mib, ms} from '../../../../src/base/units.ts';
import {openDevice, openNvidiaDevice, withDescendants, type Run} from '../../../../src/card/index.ts';
import {temporaryFolder} from '../../../support/temporary.ts';
import * as answers from './answers.ts';

const CONTAINER = 'a1'.repeat(32);
/** A machine on which two of the recorded processes live: an ffmpeg in a container, started by 4000, and a desktop's. */
let machine: Awaited<ReturnType<typeof temporaryFolder>>;

async function live(pid: number, parent: number, argv: string[], cgroup: string): Promise<void> {
  const folder = join(machine.path, 'proc', String(pid));
  await mkdir(folder, {recursive: true});
  const name = argv[0] ?? '';
  await writeFile(join(folder, 'stat'), `${pid} (${name}) S ${parent} ${'0 '.repeat(17)}100 0 250 0`);
  await writeFile(join(folder, 'status'), 'Uid:\t1000\t0\t0\t0\n');
  await writeFile(join(folder, 'cmdline'), argv.map((one) => `${one}\0`).join(''));
  await writeFile(join(folder, 'cgroup'), cgroup);
}

beforeAll(async () => {
  machine = await temporaryFolder();
  await mkdir(join(machine.path, 'proc'), {recursive: true});
  await mkdir(join(machine.path, 'etc'), {recursive: true});
  await writeFile(join(machine.path, 'proc/stat'), 'cpu 1 2 3\nbtime 1700000000\n');
  await writeFile(join(machine.path, 'etc/passwd'), 'ann:x:1000:1000::/home/ann:/bin/sh\n');
  const inside = `0::/system.slice/docker-${CONTAINER}.scope\n`;
  await live(4000, 1, ['sh'], inside);
  await live(5021, 4000, ['ffmpeg', '--token', 'abc'], inside);
  await live(2496, 1, ['plasma-keyboard'], '0::/user.slice\n');
});
afterAll(() => machine[Symbol.asyncDispose]());

type Answer = string | {code: number; stdout: string} | {state: 'late' | 'missing'};

const LATE = {state: 'late'} as const;
const MISSING = {state: 'missing'} as const;

/** An nvidia-smi that gives recorded answers; which one, its arguments decide. */
function recorded(given: Partial<Record<'cards' | 'apps' | 'pmon' | 'version', Answer>>) {
  const asked: string[] = [];
  const run: Run = (argv) => {
    const line = argv.join(' ');
    asked.push(line);
    const which = line.includes('--query-gpu')
      ? 'cards'
      : line.includes('--query-compute-apps')
        ? 'apps'
        : line.includes('pmon')
          ? 'pmon'
          : 'version';
    const answer = given[which] ?? '';
    const ended = typeof answer === 'string' ? {code: 0, stdout: answer} : answer;
    if ('state' in ended) return Promise.resolve(ended);
    const {code, stdout} = ended;
    return Promise.resolve({state: 'ended', code, stdout, stderr: ''});
  };
  return {run, asked};
}

const whole = {
  cards: answers.CARDS_4080,
  apps: answers.APPS_4080,
  pmon: answers.PMON_MEMORY_4080,
  version: answers.VERSION_595,
};
const open = (given: Parameters<typeof recorded>[0], card?: string) => {
  const {run, asked} = recorded(given);
  return {
    asked,
    device: openNvidiaDevice({
      run,
      clock: systemClock,
      root: machine.path,
      ...(card !== undefined && {card}),
    }),
  };
};

const failure = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BerthError);
  return (error as BerthError).code;
};

describe('a card as a device', () => {
  it('tells its facts', async () => {
    const {device} = open(whole);
    expect(await device.facts()).toEqual({
      kind: 'gpu',
      id: 'GPU-00000000-0000-0000-0000-000000000000',
      name: 'NVIDIA GeForce RTX 4080 SUPER',
      totalBytes: mib(16376),
      index: 0,
      driver: '595.71.05',
      cudaCeiling: '13.2',
      computeCapability: '8.9',
      persistence: false,
    });
  });

  it('adds up, and what no process owns stays visible', async () => {
    const {device} = open({...whole, cards: answers.CARDS_4080.replace('596 MiB, 15348', '1474 MiB, 14470')});
    const reading = await device.read();
    expect(reading.usedBytes + reading.freeBytes + reading.reservedBytes).toBe(reading.totalBytes);
    expect(reading).toMatchObject({
      usedBytes: mib(1474),
      utilizationRatio: 0,
      temperatureC: 43,
      powerW: 26.2,
    });
    expect(reading.throttle).toEqual(['idle']);
    expect(reading.processes.map(({pid, name, uses, usedBytes}) => [pid, name, uses, usedBytes])).toEqual([
      [2165, 'kwin_wayland', 'both', mib(25)],
      [2496, 'plasma-keyboard', 'graphics', mib(200)],
      [2954, 'plasmashell', 'graphics', mib(120)],
      [5021, 'ffmpeg', 'compute', mib(360)],
      [5022, 'ffmpeg', 'compute', mib(503)],
    ]);
    const attributed = reading.processes.reduce((sum, one) => sum + one.usedBytes, 0);
    expect(reading.usedBytes - attributed).toBe(mib(1474 - 1208));
    expect(reading.faults).toBeUndefined();
  });

  it('says who the processes are where the machine shows them, and keeps to the word of the driver elsewhere', async () => {
    const {processes} = await open(whole).device.read();
    const find = (pid: number) => processes.find((one) => one.pid === pid);
    expect(find(5021)).toEqual({
      pid: 5021,
      cpuMs: 0,
      parentPid: 4000,
      ancestorPids: [4000, 1],
      name: 'ffmpeg',
      command: 'ffmpeg --token [redacted]',
      user: 'ann',
      startedAt: new Date(1_700_000_001_000),
      startTicks: 100,
      containerId: CONTAINER,
      usedBytes: mib(360),
      uses: 'compute',
    });
    expect(find(5022)).toEqual({
      pid: 5022,
      name: 'ffmpeg',
      command: '[ffmpeg]',
      usedBytes: mib(503),
      uses: 'compute',
    });
    // The shell that started it holds nothing of the card, and is not in the list.
    expect(withDescendants(processes, [4000]).map(({pid}) => pid)).toEqual([5021]);
  });

  it('asks only for its own card once that is known, and drops what an old driver refuses', async () => {
    const {run, asked} = recorded(whole);
    const old: Run = (argv, limits) => {
      const refused = ['gpu_recovery_action', 'clocks_event_reasons.active'].find((field) =>
        argv.some((argument) => argument.includes(field)),
      );
      if (refused === undefined) return run(argv, limits);
      const stdout = `Field "${refused}" is not a valid field to query.\n\n`;
      return Promise.resolve({state: 'ended', code: 2, stdout, stderr: ''});
    };
    const device = openNvidiaDevice({run: old, clock: systemClock, root: machine.path});
    await device.facts();
    await device.read();
    const queries = asked.filter((line) => line.includes('--query-gpu'));
    expect(queries).toHaveLength(2);
    expect(queries[0]).toContain('clocks_throttle_reasons.active');
    expect(queries[0]).not.toContain(' -i ');
    expect(queries[1]).toContain('-i GPU-00000000-0000-0000-0000-000000000000');
  });

  it('goes on without processes, and says so, when their lists fail', async () => {
    const {device} = open({...whole, apps: LATE, pmon: {code: 3, stdout: 'Not supported'}});
    const reading = await device.read();
    expect(reading.processes).toEqual([]);
    expect(reading.usedBytes).toBe(mib(596));
    expect(reading.faults?.map(({name}) => name)).toEqual(['silent']);
    const partly = await open({...whole, pmon: {code: 3, stdout: 'Not supported'}}).device.read();
    expect(partly.faults).toBeUndefined();
    expect(partly.processes).toHaveLength(3);
  });

  it('fails with the fault of its driver', async () => {
    expect(await failure(open({cards: LATE}).device.read())).toBe('card_silent');
    expect(await failure(open({cards: MISSING}).device.facts())).toBe('card_not_installed');
    expect(await failure(open({cards: {code: 6, stdout: 'No devices were found'}}).device.read())).toBe(
      'card_no_devices',
    );
    expect(await failure(open({cards: 'what is this?'}).device.read())).toBe('card_unreadable');
    const text =
      'index, uuid, memory.total [MiB], memory.used [MiB]\n0, GPU-1, 24564 MiB, [GPU requires reset]\n';
    expect(await failure(open({...whole, cards: text}).device.read())).toBe('card_reset_required');
    expect(
      await failure(open({...whole, cards: text.replace('requires reset', 'is lost')}).device.read()),
    ).toBe('card_lost');
  });

  it('is chosen among several, and a lost neighbour does not hurt it', async () => {
    const two = `${answers.CARDS_4080}1, GPU-11111111-2, NVIDIA GeForce RTX 4090 D, 595.71.05, 00000000:02:00.0, 24564 MiB, 0 MiB, 24130 MiB, 0 %, 40, N/A, 20 W, 425 W, Enabled, 434 MiB, 8.9, 0x0, None, [N/A]\n`;
    expect(await open({...whole, cards: two}, '1').device.facts()).toMatchObject({
      id: 'GPU-11111111-2',
      index: 1,
    });
    expect(await open({...whole, cards: two}, 'GPU-1111').device.facts()).toMatchObject({index: 1});
    expect(await open({...whole, cards: two}).device.facts()).toMatchObject({index: 0});
    expect(await failure(open({...whole, cards: two}, '2').device.read())).toBe('card_not_this_card');
    const lost = {
      code: 15,
      stdout: `${answers.CARDS_4080}Unable to determine the device handle for GPU1: 0000:02:00.0: GPU is lost.\n`,
    };
    expect((await open({...whole, cards: lost}, '0').device.read()).usedBytes).toBe(mib(596 + 612));
    expect(await failure(open({...whole, cards: lost}, '1').device.read())).toBe('card_lost');
  });

  it('says that a reset is asked for, and reads on', async () => {
    const cards = answers.CARDS_4080.replace(', None,', ', GPU Reset,');
    const reading = await open({...whole, cards}).device.read();
    expect(reading.faults?.map(({name}) => name)).toEqual(['reset-required']);
  });
});

describe('the choice of a device', () => {
  const kind = async (given: Parameters<typeof recorded>[0], card?: string) => {
    const {run} = recorded(given);
    const facts = await openDevice({run, clock: systemClock, card, deadline: ms(100)}).facts();
    return [facts.kind, facts.faults?.map(({name}) => name)];
  };

  it('is the card that answers, and the CPU where there is none', async () => {
    expect(await kind(whole)).toEqual(['gpu', undefined]);
    expect(await kind({cards: MISSING})).toEqual(['cpu', undefined]);
    expect(await kind({cards: {code: 6, stdout: 'No devices were found'}})).toEqual(['cpu', undefined]);
    expect(await kind(whole, 'cpu')).toEqual(['cpu', undefined]);
  });

  it('is the CPU with the reason when a card has failed, but never when the card was asked for', async () => {
    const lost = {cards: {code: 15, stdout: 'GPU is lost'}};
    expect(await kind(lost)).toEqual(['cpu', ['lost']]);
    expect(await failure(kind(lost, '0'))).toBe('card_lost');
    expect(await failure(kind({cards: MISSING}, '0'))).toBe('card_not_installed');
  });

  it('starts nothing before it is asked', () => {
    const {run, asked} = recorded(whole);
    openDevice({run, clock: systemClock});
    expect(asked).toEqual([]);
  });
});
