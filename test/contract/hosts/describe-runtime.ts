import {describe, expect, test} from 'vitest';
import {ms, seconds} from '../../../src/base/units.ts';
import type {LogLine} from '../../../src/hosts/index.ts';
import {askEngine, DEPLOYMENT, freePort, healthy, until, type World} from './world.ts';

/** What every runtime must do, whatever keeps its programs: one suite for all of them. */
export function describeRuntime(name: string, openWorld: () => Promise<World>): void {
  describe(`${name} keeps a deployment`, () => {
    test('nothing is there before the first deploy, and start says so', async () => {
      await using world = await openWorld();
      expect(await world.observe()).toEqual({state: 'absent'});
      await expect(world.runtime.start(DEPLOYMENT)).rejects.toMatchObject({
        code: 'nothing_deployed',
        try: ['berth deploy'],
      });
      expect(await world.marked()).toEqual([]);
    });

    test('a committed engine answers through the gateway and is told by observe', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      await world.answeredBy(1);
      const running = await world.running();
      expect(running).toMatchObject({
        committedRelease: 1,
        gateway: {program: {state: 'running', restarts: 0}},
      });
      expect(running.engines).toMatchObject([{name: 'engine-1', release: 1, model: 'fake'}]);
      expect(running.transition).toBeUndefined();
      const pids = [...running.gateway.pids, ...running.engines.flatMap((engine) => engine.pids)];
      expect((await world.marked()).sort()).toEqual(pids.sort());
    });

    test('an engine that is killed comes back, and requests find it', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      const [engine] = (await world.running()).engines;
      await world.kill(engine?.pids[0] ?? 0);
      await until('the restart', async () => {
        const [again] = (await world.running()).engines;
        return again?.program.state === 'running' && again.program.restarts === 1 ? true : undefined;
      });
      await world.answeredBy(1);
    });

    test('a gateway that is killed comes back and knows its way', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      const before = await world.running();
      await world.kill(before.gateway.pids[0] ?? 0);
      await until('another gateway', async () => {
        const {pids} = (await world.running()).gateway;
        return pids[0] !== undefined && pids[0] !== before.gateway.pids[0] ? true : undefined;
      });
      await world.answeredBy(1);
    });

    test('a crash loop ends in failed with the lines that matter, and start tries again', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1, {FAKE_CRASH_IF_FILE: world.flag}));
      await world.host.files.write(world.flag, '', 0o644);
      await world.kill((await world.running()).engines[0]?.pids[0] ?? 0);
      const failed = await until('the end of the crash loop', async () => {
        const program = (await world.running()).engines[0]?.program;
        return program?.state === 'failed' ? program : undefined;
      });
      expect(failed.lastExit).toMatchObject({code: 3, lastLines: ['weights are gone']});
      await world.host.files.remove(world.flag);
      await world.runtime.start(DEPLOYMENT);
      await world.answeredBy(1);
    });
  });

  describe(`${name} changes a deployment`, () => {
    test('a swap holds requests, and the new engine answers them', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      {
        await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'swap');
        await change.order({order: 'hold', limitMs: 20_000});
        const held = world.ask('/who');
        await change.stopEngine('engine-1', seconds(2));
        const {name: candidate} = await change.startEngine(world.engine(2));
        await healthy(change, candidate);
        await change.route(candidate);
        expect(JSON.parse((await held).body)).toMatchObject({release: 2});
        await change.commit(candidate);
      }
      expect(await world.running()).toMatchObject({committedRelease: 2, engines: [{release: 2}]});
    });

    test('a swap that is given up brings the old engine back, which answers what was held', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      let held: Promise<{body: string}>;
      {
        await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'swap');
        await change.order({order: 'hold', limitMs: 20_000});
        held = world.ask('/who');
        await change.stopEngine('engine-1', seconds(2));
        await change.startEngine(world.engine(2));
      }
      expect(JSON.parse((await held).body)).toMatchObject({release: 1});
      expect(await world.running()).toMatchObject({committedRelease: 1, engines: [{release: 1}]});
    });

    test('side by side: traffic that was routed turns back when there is no commit', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      {
        await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'side by side');
        const {name: candidate} = await change.startEngine(world.engine(2));
        await healthy(change, candidate);
        await change.route(candidate);
        await world.answeredBy(2);
      }
      expect(JSON.parse((await world.ask('/who')).body)).toMatchObject({release: 1});
      expect((await world.running()).engines).toMatchObject([{release: 1, program: {restarts: 0}}]);
    });

    test('side by side: after the commit the former engine is drained and put away', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      let slow: Promise<{status: number; body: string}>;
      {
        await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'side by side');
        const {name: candidate} = await change.startEngine(world.engine(2));
        await healthy(change, candidate);
        slow = world.ask('/slow?ms=800');
        await until('the request to arrive', async () => {
          const reply = await change.order({order: 'drain', release: 1, deadlineMs: 0});
          return reply.reply === 'drained' && reply.remaining === 1 ? true : undefined;
        });
        await change.commit(candidate);
      }
      expect(await slow).toEqual({status: 200, body: '1'});
      expect((await world.running()).engines).toMatchObject([{release: 2}]);
    });

    test('a candidate that ends has failed with its last lines, and is not started again', async () => {
      await using world = await openWorld();
      await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'broken');
      const {name: candidate} = await change.startEngine(world.engine(1, {FAKE_CRASH: 'out of memory'}));
      const failed = await until('the failure', async () => {
        const state = await change.engine(candidate);
        return state.state === 'failed' ? state : undefined;
      });
      expect(failed).toMatchObject({restarts: 0, lastExit: {code: 3, lastLines: ['out of memory']}});
      await expect(change.endpoint(candidate)).rejects.toMatchObject({code: 'engine_gone'});
      await expect(change.commit(candidate)).rejects.toMatchObject({code: 'engine_gone'});
    });

    test('a first deploy that is given up leaves nothing', async () => {
      await using world = await openWorld();
      {
        await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'first');
        await change.startEngine(world.engine(1));
      }
      expect(await world.observe()).toEqual({state: 'absent'});
      expect(await world.marked()).toEqual([]);
    });

    test('a second owner is refused with the name of the first', async () => {
      await using world = await openWorld();
      await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'alice on laptop');
      await expect(world.runtime.begin(DEPLOYMENT, world.gateway, 'bob')).rejects.toMatchObject({
        code: 'deploy_in_progress',
        details: {owner: 'alice on laptop'},
      });
      await change.startEngine(world.engine(1));
      expect((await world.running()).transition?.owner).toBe('alice on laptop');
    });

    test('an engine that ignores SIGTERM is gone after its grace, with the child it left', async () => {
      await using world = await openWorld();
      await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'stubborn');
      const {name: candidate} = await change.startEngine(world.engine(1, {FAKE_IGNORES_TERM: '1'}));
      await healthy(change, candidate);
      await askEngine(change, candidate, '/spawn', 'POST');
      await until('the child', async () =>
        (await world.running()).engines[0]?.pids.length === 2 ? true : undefined,
      );
      await change.stopEngine(candidate, ms(300));
      const {gateway} = await world.running();
      expect(await world.marked()).toEqual(gateway.pids);
    });
  });

  describe(`${name} changes the gateway`, () => {
    test('another port: both answer until the commit, then the new one alone', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      const moved = world.gatewayAt(await freePort(), {FAKE_LABEL: 'moved'});
      {
        await using change = await world.runtime.begin(DEPLOYMENT, moved, 'move');
        const {name: candidate} = await change.startEngine(world.engine(2));
        await healthy(change, candidate);
        await change.route(candidate);
        for (const {url} of [world.gateway, moved]) {
          expect(await (await fetch(`${await world.reach(url)}/who`)).json()).toMatchObject({release: 2});
        }
        await change.commit(candidate);
      }
      expect((await world.running()).gateway.url).toBe(moved.url);
      await expect(fetch(`${await world.reach(world.gateway.url)}/who`)).rejects.toThrow();
    });

    test('another port that is given up: the former goes on, never interrupted', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      const {pids} = (await world.running()).gateway;
      const moved = world.gatewayAt(await freePort());
      await (await world.runtime.begin(DEPLOYMENT, moved, 'move'))[Symbol.asyncDispose]();
      expect((await world.running()).gateway).toMatchObject({url: world.gateway.url, pids});
      await world.answeredBy(1);
    });

    test('the same port with other settings: replaced, and put back when given up', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      const other = {...world.gateway, env: {...world.gateway.env, FAKE_LABEL: 'other'}};
      {
        await using _change = await world.runtime.begin(DEPLOYMENT, other, 'settings');
        expect(JSON.parse((await world.ask('/gateway')).body)).toMatchObject({label: 'other', release: 1});
      }
      await world.answeredBy(1);
      expect(JSON.parse((await world.ask('/gateway')).body)).not.toHaveProperty('label');
    });

    test('a port that another program holds is refused with its name, the old gateway serving', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      const port = await freePort();
      await using holder = await world.holdPort(port);
      await expect(world.runtime.begin(DEPLOYMENT, world.gatewayAt(port), 'taken')).rejects.toMatchObject({
        code: 'port_taken',
        details: {port, pid: holder.pid},
        try: [`berth deploy --port ${port + 1}`],
      });
      await world.answeredBy(1);
      expect((await world.running()).transition).toBeUndefined();
    });
  });

  describe(`${name} stops and starts`, () => {
    test('stop lets requests end, leaves nothing, and start brings the release back', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(4));
      const slow = world.ask('/slow?ms=600');
      await until('the request to arrive', async () => {
        const reply = await world.runtime.order(DEPLOYMENT, {order: 'drain', release: 4, deadlineMs: 0});
        return reply.reply === 'drained' && reply.remaining === 1 ? true : undefined;
      });
      await world.runtime.stop(DEPLOYMENT, seconds(5));
      expect(await slow).toEqual({status: 200, body: '4'});
      expect(await world.observe()).toEqual({state: 'stopped', committedRelease: 4});
      expect(await world.marked()).toEqual([]);
      await world.runtime.stop(DEPLOYMENT, seconds(0));
      await world.runtime.start(DEPLOYMENT);
      await world.answeredBy(4);
      await world.runtime.start(DEPLOYMENT);
      expect((await world.running()).engines).toMatchObject([{release: 4, program: {restarts: 0}}]);
    });

    test('a change of a stopped deployment that is given up leaves it stopped', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      await world.runtime.stop(DEPLOYMENT, seconds(0));
      {
        await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'second thoughts');
        await change.startEngine(world.engine(2));
      }
      expect(await world.observe()).toEqual({state: 'stopped', committedRelease: 1});
      expect(await world.marked()).toEqual([]);
    });

    test('logs: the last lines of each program by time, then what follows', async () => {
      await using world = await openWorld();
      await world.deploy(world.engine(1));
      const gather = async (follow: boolean, enough: (lines: LogLine[]) => boolean): Promise<LogLine[]> => {
        const stop = new AbortController();
        const lines: LogLine[] = [];
        const options = {tail: 50, follow, programs: ['gateway', 'engine-1'], signal: stop.signal};
        for await (const line of world.runtime.logs(DEPLOYMENT, options)) {
          lines.push(line);
          if (enough(lines)) stop.abort();
        }
        return lines;
      };
      const texts = (await gather(false, () => false)).map(({program, text}) => `${program}: ${text}`);
      const port = new URL(world.gateway.url).port;
      expect(texts).toEqual([`gateway: fake gateway listens on ${port}`, 'engine-1: fake engine 1 listens']);
      const following = gather(true, (lines) => lines.some(({text}) => text === 'a last word'));
      await using change = await world.runtime.begin(DEPLOYMENT, world.gateway, 'chatter');
      await askEngine(change, 'engine-1', `/crash?argument=${encodeURIComponent('a last word')}`, 'POST');
      const followed = await following;
      expect(followed.at(-1)).toMatchObject({program: 'engine-1', text: 'a last word'});
      expect(followed.every(({at}) => at instanceof Date)).toBe(true);
    });
  });
}
