import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {openLocalHost, type Host, type Runtime} from '../../../src/hosts/index.ts';
import {askWatch, type Answers} from '../../../src/monitor/index.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {until} from '../../contract/hosts/world.ts';

/** A deployment of the built-in model as a person makes it, and what its watch says of it. */
describe('the watch of a deployment', () => {
  let berth: Berth;
  let host: Host;
  let runtime: Runtime;
  const now = (): Promise<Answers['now']> => askWatch(runtime, 'default', {ask: 'now'});
  const watchPid = async (): Promise<number | undefined> => (await now().catch(() => undefined))?.health.pid;

  beforeAll(async () => {
    berth = await openBerth();
    expect((await berth.json('deploy', '--model', 'nano')).code).toBe(0);
    host = openLocalHost({
      stateRoot: join(berth.home, '.local/state/berth'),
      clock: systemClock,
      env: berth.env,
    });
    runtime = await host.runtime('process');
    // A deploy does not wait for it.
    await until('the watch', watchPid);
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await berth[Symbol.asyncDispose]();
  });

  it('names the model and Berth by what they hold, and adds up', async () => {
    const observed = await runtime.observe('default');
    const engine = observed.state === 'running' ? observed.engines[0] : undefined;
    const sample = await until('a sample with the model', async () => {
      const {sample} = await now();
      return sample?.tenants.some(({kind}) => kind === 'model') ? sample : undefined;
    });
    const [model, programs] = sample.tenants;
    expect(model).toMatchObject({key: 'model', name: 'nano', pids: engine?.pids});
    expect(model?.usedBytes).toBeGreaterThan(10e6);
    expect(programs).toMatchObject({key: 'berth'});
    // Supervisor, gateway and the watch itself.
    expect(programs?.pids).toHaveLength(3);
    const sum = sample.tenants.reduce((total, {usedBytes}) => total + usedBytes, 0);
    expect(Math.abs(sum - sample.device.usedBytes)).toBeLessThanOrEqual(1024);
  });

  it('sees what passes the gateway within a second of it', async () => {
    const asked = berth.ask('Hello!');
    const gateway = await until('tokens', async () => {
      const {sample} = await now();
      return (sample?.gateway?.tokensPerSecond ?? 0) > 0 ? sample?.gateway : undefined;
    });
    expect(gateway.tokensPerSecond).toBeGreaterThan(0);
    expect((await asked).done).toBe(true);
    const row = await until('the minute', async () => {
      const {rows} = await askWatch(runtime, 'default', {
        ask: 'history',
        sinceMs: Date.now() - 300_000,
        untilMs: Date.now() + 60_000,
        stepMs: 300_000,
      });
      return rows.find((one) => one.gateway?.requests.ok === 1);
    });
    expect(row.gateway?.ttftMs?.count).toBe(1);
    expect(row.usedBytes?.max).toBeGreaterThanOrEqual(row.usedBytes?.min ?? Infinity);
    expect(row.tenants.model?.usedBytes).toBeGreaterThan(10e6);
    const [today] = await askWatch(runtime, 'default', {ask: 'peaks', days: 1});
    expect(today?.peaks.model).toBe(row.tenants.model?.usedBytes);
  });

  it('tells its figures at the gateway for whoever scrapes it', async () => {
    const headers = {authorization: `Bearer ${await berth.key()}`};
    const text = await until('the device in /metrics', async () => {
      const page = await (await fetch(`${berth.url}/metrics`, {headers})).text();
      return page.includes('berth_device_memory_used_bytes{uuid="cpu"} ') ? page : undefined;
    });
    expect(text).toMatch(
      /^berth_tenant_memory_used_bytes\{uuid="cpu",tenant="model",kind="model",name="nano"\} \d+$/m,
    );
    expect(text).toContain('berth_gateway_running 0');
  });

  it('is missed by nobody when it is killed, and back within seconds', async () => {
    const before = await until('the watch', watchPid);
    process.kill(before, 'SIGKILL');
    expect((await berth.ask('Hello!')).done).toBe(true);
    const after = await until('another watch', async () => {
      const pid = await watchPid();
      return pid === before ? undefined : pid;
    });
    expect(after).not.toBe(before);
    const {value} = await berth.json('status');
    expect(value).toMatchObject({state: 'serving', restarts: 0});
  });

  it('is ended and started again when it hangs, and requests do not wait for it', async () => {
    const before = await until('the watch', watchPid);
    process.kill(before, 'SIGSTOP');
    expect((await berth.ask('Hello!')).done).toBe(true);
    await until(
      'another watch',
      async () => {
        const pid = await watchPid();
        return pid === before ? undefined : pid;
      },
      seconds(30),
    );
    expect((await berth.ask('Hello!')).done).toBe(true);
  });

  it('refuses a question that it does not know, and goes on', async () => {
    await expect(runtime.watch('default', {ask: 'nonsense'})).rejects.toMatchObject({
      code: 'watch_unavailable',
    });
    await expect(runtime.watch('default', {ask: 'history'})).rejects.toMatchObject({
      code: 'watch_unavailable',
    });
    expect((await now()).health.rssBytes).toBeGreaterThan(0);
  });

  it('ends with the deployment, and keeps what it knew', async () => {
    const answered = async (): Promise<number> => {
      const question = {
        ask: 'history',
        sinceMs: 0,
        untilMs: Date.now() + 60_000,
        stepMs: 86_400_000,
      } as const;
      const {rows} = await askWatch(runtime, 'default', question);
      return rows.reduce((sum, one) => sum + (one.gateway?.requests.ok ?? 0), 0);
    };
    const pid = await until('the watch', watchPid);
    // What a watch had not written when it was killed is lost, so the requests before this one may not be there.
    const before = await answered();
    expect((await berth.ask('Hello!')).done).toBe(true);
    const known = await until('the last request', async () => {
      const count = await answered();
      return count > before ? count : undefined;
    });
    expect((await berth.json('stop')).code).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect((await berth.json('start')).code).toBe(0);
    await until('the watch', watchPid);
    expect(await answered()).toBe(known);
    expect(
      await readFile(join(berth.home, '.local/state/berth/default/logs/watch.log'), 'utf8'),
    ).not.toContain('rror');
  });
});
