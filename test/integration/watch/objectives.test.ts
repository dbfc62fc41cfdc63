import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {openLocalHost, type Host, type Runtime} from '../../../src/hosts/index.ts';
import {askWatch, type Answers, type ObjectivesStatus} from '../../../src/monitor/index.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {until} from '../../contract/hosts/world.ts';

/** A deployment of the built-in model that promises what it cannot keep, and then what it can. */
describe('the objectives of a deployment', () => {
  let berth: Berth;
  let host: Host;
  let runtime: Runtime;

  const deploy = async (objectives: readonly string[]): Promise<void> => {
    const file = join(berth.home, 'berth.yaml');
    await writeFile(
      file,
      ['model: nano', 'objectives:', ...objectives.map((line) => `  ${line}`)].join('\n'),
    );
    expect((await berth.json('deploy', '--config', file)).code).toBe(0);
  };
  const status = async (): Promise<ObjectivesStatus | undefined> =>
    (await askWatch(runtime, 'default', {ask: 'guard'}).catch(() => undefined))?.objectives;
  const ttft = async (): Promise<ObjectivesStatus['objectives'][number] | undefined> =>
    (await status())?.objectives.find(({objective}) => objective === 'ttft');
  const told = (): Promise<Answers['events']> =>
    askWatch(runtime, 'default', {
      ask: 'events',
      sinceMs: 0,
      kinds: ['objective-burns', 'objective-fine'],
    });
  const hour = async (): Promise<{good: number; bad: number} | undefined> =>
    (await ttft())?.windows.find(({minutes}) => minutes === 60);

  beforeAll(async () => {
    berth = await openBerth();
    await deploy(['ttft: 1ms', 'errors: 1%', 'probe: 10s']);
    host = openLocalHost({
      stateRoot: join(berth.home, '.local/state/berth'),
      clock: systemClock,
      env: berth.env,
    });
    runtime = await host.runtime('process');
    await until('the watch with objectives', status);
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await berth[Symbol.asyncDispose]();
  });

  it('burn when they cannot be kept, which is told with its numbers', async () => {
    for (let count = 0; count < 4; count++) await berth.ask('Hello!');
    const burning = await until('it to burn', async () => {
      const one = await ttft();
      return one?.severity === 'page' ? one : undefined;
    });
    expect(burning).toMatchObject({limitMs: 1, budgetRatio: 0.01});
    const [event] = await told();
    expect(event).toMatchObject({
      kind: 'objective-burns',
      numbers: {objective: 'ttft', limitMs: 1, severity: 'page', good: 0, factor: 14.4},
    });
    const {value} = await berth.json('guard', 'log');
    expect(value.events).toMatchObject([{kind: 'objective-burns'}]);
    const {stdout} = await berth.run('guard', 'status');
    expect(stdout).toMatch(/first token in 1\S* ?ms +burns fast: look now +100\.0x/);
    expect(stdout).toMatch(/at most 1 % fail +lasts +0\.0x/);
    const metrics = await until('the metrics', async () => {
      const response = await fetch(`${berth.url}/metrics`, {
        headers: {authorization: `Bearer ${await berth.key()}`},
      });
      const text = await response.text();
      return text.includes('berth_objective_burning{objective="ttft",severity="page"} 1') ? text : undefined;
    });
    expect(metrics).toContain('berth_objective_burn_rate{objective="ttft",window="1h"} 100\n');
    expect(metrics).toContain('berth_objective_burning{objective="errors",severity="page"} 0\n');
    expect(metrics).toContain('berth_objective_limit_seconds{objective="ttft"} 0.001\n');
  });

  it('are met by the watch itself when nobody asks, which no figure of users counts', async () => {
    const probe = await until('a probe', async () => (await status())?.probe?.last ?? undefined, seconds(30));
    expect(probe.outcome).toBe('ok');
    expect(probe.ttftMs).toBeGreaterThan(0);
    const response = await fetch(`${berth.url}/api/state`, {
      headers: {authorization: `Bearer ${await berth.key()}`},
    });
    expect(await response.json()).toMatchObject({
      stats: {requests: {ok: 4, clientError: 0, serverError: 0, cancelled: 0}},
    });
    // Windows are worked out every ten seconds.
    const met = async (): Promise<true | undefined> => ((await hour())?.bad ?? 0) > 4 || undefined;
    await until('the objectives to count it', met, seconds(15));
  });

  it('are remembered by the next watch, which tells nothing twice', async () => {
    const before = await hour();
    const {health} = await askWatch(runtime, 'default', {ask: 'now'});
    // What is flushed every five seconds is there; a kill may lose what came after.
    await askWatch(runtime, 'default', {ask: 'events', sinceMs: 0});
    process.kill(health.pid, 'SIGKILL');
    const after = await until('another watch that knows', async () => {
      const {health: next} = await askWatch(runtime, 'default', {ask: 'now'}).catch(() => ({health}));
      return next.pid === health.pid ? undefined : await hour();
    });
    expect(after.bad).toBeGreaterThanOrEqual(before?.bad ?? Infinity);
    expect((await ttft())?.severity).toBe('page');
    expect((await told()).map(({kind}) => kind)).toEqual(['objective-burns']);
  });

  it('are judged anew when they are changed: what came is kept, what was promised is not', async () => {
    await deploy(['ttft: 60s', 'probe: false']);
    const fine = await until('the other promise', async () => {
      const one = await ttft();
      return one?.limitMs === 60_000 && one.windows.length > 0 ? one : undefined;
    });
    expect(fine.severity).toBeNull();
    const window = fine.windows.find(({minutes}) => minutes === 60);
    expect(window).toMatchObject({bad: 0, rate: 0});
    expect(window?.good).toBeGreaterThan(4);
    expect((await status())?.probe).toBeNull();
    await deploy(['target: 99%']);
    await until('none to be watched', async () => ((await status()) === undefined ? true : undefined));
  });
});
