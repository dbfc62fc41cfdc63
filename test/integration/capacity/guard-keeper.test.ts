import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {GuardKeeper} from '../../../src/capacity/guard/keeper.ts';
import type {GuardEvent} from '../../../src/capacity/guard/events.ts';
import type {Observation} from '../../../src/capacity/guard/observation.ts';
import {guardPolicySchema} from '../../../src/capacity/guard/policy.ts';
import {openNeighbours} from '../../../src/hosts/neighbours/hold/index.ts';
import {burner, niceOf, stateOf, USUAL_NICE, type Burner} from '../../support/burner.ts';
import {needs} from '../../support/needs.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const onLinux = needs(process.platform === 'linux' && process.getuid?.() === 0, 'Linux with root');
const KEY = 'lease:burner';
const START = Date.UTC(2026, 10, 2);

/** A guard over real processes and a real file, and seconds that are given to it. */
function guarding(file: string, wanted: object = {}) {
  const neighbours = openNeighbours(() => Promise.reject(new Error('no container here')));
  const said: string[] = [];
  const policy = guardPolicySchema.parse(wanted);
  const keeper = new GuardKeeper({neighbours, file, policy: () => policy, say: (line) => said.push(line)});
  let second = 0;
  const live = async (
    one: Burner,
    count: number,
    more: {cores?: number; broken?: boolean; interTokenMs?: number; streams?: number} = {},
  ): Promise<GuardEvent[]> => {
    const events: GuardEvent[] = [];
    for (let i = 0; i < count; i++) {
      const {cores = 2, interTokenMs = 20, streams = 1} = more;
      const observation: Observation = {
        atMs: START + ++second * 1000,
        model: {streams, reading: false, interTokenMs: streams > 0 ? interTokenMs : undefined},
        neighbours: [{key: KEY, name: 'burner', kind: 'lease', cores, usedBytes: 2e9, sinceMs: undefined}],
        restCores: 0,
        breaches: more.broken ? [{key: KEY, usedBytes: 2e9, leasedBytes: 1e9}] : [],
      };
      const processes = neighbours.identify(one.pids);
      events.push(...(await keeper.step(observation, () => ({kind: 'processes', processes}))));
    }
    return events;
  };
  return {keeper, live, said};
}

const until = (what: string, holds: () => boolean): Promise<true> =>
  waitFor(() => Promise.resolve(holds() ? (true as const) : undefined), {
    what: () => what,
    deadline: seconds(10),
    clock: systemClock,
  });

describe.skipIf(!onLinux)('the guard and real processes', () => {
  it('lowers a neighbour that slows the model, and puts it back when the model rests', async () => {
    await using folder = await temporaryFolder();
    await using one = await burner(1);
    const {live} = guarding(join(folder.path, 'guard.json'));
    await live(one, 30, {cores: 0});
    const found = await live(one, 10, {interTokenMs: 60});
    expect(found.map(({kind}) => kind)).toEqual(['interference', 'guard-action']);
    expect(one.pids.map(niceOf)).toEqual([19]);
    const undone = await live(one, 70, {streams: 0});
    expect(undone.map(({kind}) => kind)).toContain('guard-undone');
    expect(one.pids.map(niceOf)).toEqual([USUAL_NICE]);
  });

  it('writes down what it does before it does it, and a guard that comes after a killed one goes on', async () => {
    await using folder = await temporaryFolder();
    await using one = await burner(1);
    const file = join(folder.path, 'guard.json');
    const killed = guarding(file);
    await killed.live(one, 3, {cores: 0});
    await killed.live(one, 2, {broken: true});
    await until('it to be paused', () => stateOf(one.pids[0] ?? 0) === 'T');
    expect(await readFile(file, 'utf8')).toContain('"action": "pause"');
    // Whoever killed the watch let the neighbour go on as well.
    process.kill(one.pids[0] ?? 0, 'SIGCONT');
    const next = guarding(file);
    await next.live(one, 2, {broken: true});
    await until('it to be paused again', () => stateOf(one.pids[0] ?? 0) === 'T');
    await next.live(one, 2);
    await until('it to run', () => stateOf(one.pids[0] ?? 0) !== 'T');
  });

  it('lets everybody go when it is closed, and keeps what it has learned', async () => {
    await using folder = await temporaryFolder();
    await using one = await burner(1);
    const file = join(folder.path, 'guard.json');
    const first = guarding(file);
    await first.live(one, 30, {cores: 0});
    await first.live(one, 2, {broken: true});
    await first.keeper.close();
    await until('it to run', () => stateOf(one.pids[0] ?? 0) !== 'T');
    const next = guarding(file);
    expect(next.keeper.state.handled).toEqual({});
    expect(Object.keys(next.keeper.state.detection.baseline.buckets)).toEqual(['1']);
  });

  it('tells what could not be done', async () => {
    await using folder = await temporaryFolder();
    await using one = await burner(1);
    const {keeper, live} = guarding(join(folder.path, 'guard.json'));
    await live(one, 2, {cores: 0});
    const observation: Observation = {
      atMs: START + 3000,
      model: undefined,
      neighbours: [{key: KEY, name: 'burner', kind: 'lease', cores: 1, usedBytes: 2e9, sinceMs: undefined}],
      restCores: 0,
      breaches: [{key: KEY, usedBytes: 2e9, leasedBytes: 1e9}],
    };
    const events = await keeper.step(observation, () => ({kind: 'container', id: 'f'.repeat(64)}));
    expect(events.map(({text}) => text)).toEqual([
      'burner was paused: it holds 1.9 GiB and its lease is for 954 MiB.',
      'burner could not be paused: no container here.',
    ]);
    expect(keeper.state.handled[KEY]?.failed).toBe('no container here');
  });

  it('begins anew where its file is damaged, and says so', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'guard.json');
    await writeFile(file, '{"half');
    const {keeper, said} = guarding(file);
    expect(keeper.state.handled).toEqual({});
    expect(said.join()).toContain('cannot be read');
  });
});
