import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {minutes, ms, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {movableClock, type MovableClock} from '../../fakes/clock/clock.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {processesOf, PROGRAMS} from '../../support/processes.ts';

/** Far beyond every deadline, time to live and back-off; the way back goes behind where it began. */
const FORWARD = minutes(60 * 24 * 40);
const BACK = minutes(-60 * 24 * 3);

interface Latency {
  count: number;
  p50Ms: number;
  maxMs: number;
}

/** Command, supervisor, gateway and engine live by a clock that jumps (a double); everything else is real. */
describe('somebody sets the clock', () => {
  let clock: MovableClock;
  let berth: Berth;
  beforeAll(async () => {
    clock = await movableClock();
    berth = await openBerth(clock.env);
    const {code, stderr} = await berth.run('deploy', '--model', 'nano');
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await clock[Symbol.asyncDispose]();
  });

  /** Sets the clock to and fro while the work runs. */
  async function whileItJumps<T>(work: Promise<T>): Promise<T> {
    const ended = new AbortController();
    const jumping = (async () => {
      for (let turn = 0; !ended.signal.aborted; turn++) {
        await clock.set(turn % 2 === 0 ? FORWARD : BACK);
        await systemClock.sleep(ms(25), ended.signal).catch(() => undefined);
      }
    })();
    try {
      return await work;
    } finally {
      ended.abort();
      await jumping;
    }
  }

  it('and every program sees it: the records tell the time that was set', async () => {
    await clock.set(FORWARD);
    expect((await berth.ask('Hello!')).done).toBe(true);
    const logs = join(berth.home, '.local/state/berth/default/logs');
    const future = new Date(Date.now() + FORWARD).toISOString().slice(0, 10);
    for (const log of ['gateway.log', 'engine-1.log']) {
      await waitFor(
        async () => ((await readFile(join(logs, log), 'utf8')).includes(future) ? true : undefined),
        {
          what: () => `${log} to tell of ${future}`,
          deadline: seconds(10),
          clock: systemClock,
        },
      );
    }
    expect((await berth.json('health')).value).toMatchObject({
      state: 'healthy',
      at: expect.stringContaining(future) as string,
    });
  });

  it('during answers: each ends as it should, and no span is longer than the real time', async () => {
    const started = performance.now();
    // Each of them lasts over several jumps.
    const ask = () => berth.ask('Hello!', {max_tokens: 300, ignore_eos: true});
    const answers = await whileItJumps(Promise.all(Array.from({length: 20}, ask)));
    expect(answers.every(({done}) => done)).toBe(true);
    const {latency} = (await berth.json('capacity')).value as {latency: Record<string, Latency>};
    const spent = performance.now() - started;
    for (const span of ['ttft', 'tpot', 'e2e']) {
      expect(latency[span]?.count).toBeGreaterThanOrEqual(20);
      // What a jump back would make of it is counted as the shortest span that there is, 0.001 ms.
      expect(latency[span]?.p50Ms).toBeGreaterThan(0.01);
      expect(latency[span]?.maxMs).toBeLessThan(spent + 10_000);
    }
  });

  it.each(['auto', 'swap'])(
    'during a deploy (update: %s): it ends in its time, and requests are answered',
    async (update) => {
      const context = update === 'auto' ? '1024' : '2048';
      const clients = Promise.all(Array.from({length: 4}, () => berth.ask('Hello!')));
      const {code, value, stderr} = await whileItJumps(
        berth.json('deploy', '--model', 'nano', '--context', context, '--update', update),
      );
      expect(code, stderr).toBe(0);
      expect((await clients).every(({done}) => done)).toBe(true);
      // Spans in records are real, too.
      expect(value.durationMs).toBeGreaterThan(0);
      expect(value.durationMs).toBeLessThan(60_000);
    },
  );

  it('while an engine comes back: its pause is the usual one', async () => {
    const {pids, release} = (await berth.json('status')).value as {pids: {engine: number[]}; release: number};
    await clock.set(BACK);
    process.kill(pids.engine[0] ?? 0, 'SIGKILL');
    const answered = performance.now();
    await whileItJumps(
      waitFor(
        async () => {
          const {value} = await berth.json('status');
          return value.state === 'serving' && value.restarts === 1 ? true : undefined;
        },
        {what: () => 'the engine to be back', deadline: seconds(20), clock: systemClock},
      ),
    );
    expect(performance.now() - answered).toBeLessThan(20_000);
    expect((await berth.json('status')).value).toMatchObject({state: 'serving', release});
  });

  it('after a command was killed: the next one takes over its lock', async () => {
    const child = berth.spawn('deploy', '--model', 'nano', '--context', '512', '--json');
    await waitFor(async () => ((await berth.json('status')).value.changing ? true : undefined), {
      what: () => 'the change to begin',
      deadline: seconds(20),
      clock: systemClock,
    });
    child.kill('SIGKILL');
    await clock.set(BACK * 2);
    const {code, value} = await berth.json('deploy', '--model', 'nano', '--context', '512');
    expect(code, JSON.stringify(value)).toBe(0);
    await waitFor(async () => ((await processesOf(berth.home)).length === PROGRAMS ? true : undefined), {
      what: () => 'nothing else to run',
      deadline: seconds(20),
      clock: systemClock,
    });
  });
});
