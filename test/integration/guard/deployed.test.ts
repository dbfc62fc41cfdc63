import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {openLocalHost, type Host, type Runtime} from '../../../src/hosts/index.ts';
import {askWatch, type GuardStatus} from '../../../src/monitor/index.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {holder, type Holder} from '../../support/holder.ts';
import {stateOf} from '../../support/burner.ts';
import {until} from '../../contract/hosts/world.ts';

/** A deployment as a person makes it, with a tenant whose lease nothing but the guard enforces. */
describe.skipIf(process.platform !== 'linux')('the guard of a deployment', () => {
  let berth: Berth;
  let host: Host;
  let runtime: Runtime;
  let tenant: Holder;
  const guard = (): Promise<GuardStatus | null> => askWatch(runtime, 'default', {ask: 'guard'});
  const held = async (): Promise<GuardStatus['held'] | undefined> => {
    const status = await guard().catch(() => undefined);
    return status && status.held.length > 0 ? status.held : undefined;
  };
  const isIn = (state: RegExp) => (): Promise<true | undefined> =>
    Promise.resolve(state.test(stateOf(tenant.pid) ?? '') ? true : undefined);

  beforeAll(async () => {
    berth = await openBerth();
    tenant = await holder();
    expect((await berth.json('deploy', '--model', 'nano')).code).toBe(0);
    host = openLocalHost({
      stateRoot: join(berth.home, '.local/state/berth'),
      clock: systemClock,
      env: berth.env,
    });
    runtime = await host.runtime('process');
    const adopted = await berth.json(
      'lease',
      'adopt',
      String(tenant.pid),
      '--as',
      'notebook',
      '--ram',
      '150MiB',
    );
    expect(adopted.code).toBe(0);
  });
  afterAll(async () => {
    tenant[Symbol.dispose]();
    await host[Symbol.asyncDispose]();
    await berth[Symbol.asyncDispose]();
  });

  it('pauses a tenant that breaks its lease in the second that this is seen, and says why', async () => {
    tenant.hold(300);
    await until('it to be paused', isIn(/T/));
    expect((await held())?.[0]).toMatchObject({tenant: 'lease:notebook', action: 'pause', because: 'breach'});
    const {value} = await berth.json('guard', 'log');
    const events = value.events as {at: string; kind: string; numbers: Record<string, unknown>}[];
    expect(events.map(({kind}) => kind)).toEqual(['lease-broken', 'guard-action']);
    expect(events[1]?.numbers).toMatchObject({action: 'pause', leasedBytes: 150 * 2 ** 20});
    const [seen = 0, done = Infinity] = events.map(({at}) => Date.parse(at));
    expect(done - seen).toBeLessThan(1000);
    const {stdout} = await berth.run('guard', 'status');
    expect(stdout).toContain('notebook');
    expect(stdout).toContain('holds more than its lease');
  });

  it('keeps hold of it when the watch is killed, and lets go when the promise fits', async () => {
    const watch = await askWatch(runtime, 'default', {ask: 'now'});
    process.kill(watch.health.pid, 'SIGKILL');
    await until('another watch that holds it', held);
    expect(stateOf(tenant.pid)).toBe('T');
    expect((await berth.json('lease', 'resize', 'notebook', '--ram', '450MiB')).code).toBe(0);
    await until('it to go on', isIn(/[RS]/));
    expect((await guard())?.held).toEqual([]);
  });

  it('obeys another policy at the next deploy, which changes nothing else', async () => {
    tenant.hold(600);
    await until('it to be paused again', isIn(/T/));
    const file = join(berth.home, 'berth.yaml');
    await writeFile(file, 'model: nano\nguard:\n  mode: watch\n');
    const again = await berth.json('deploy', '--config', file);
    expect(again.value).toMatchObject({outcome: 'unchanged'});
    await until('it to go on', isIn(/[RS]/));
    expect(await guard()).toMatchObject({mode: 'watch', held: []});
  });

  it('lets everybody go when the deployment stops', async () => {
    const file = join(berth.home, 'berth.yaml');
    await writeFile(file, 'model: nano\n');
    expect((await berth.json('deploy', '--config', file)).code).toBe(0);
    await until('it to be paused once more', isIn(/T/));
    expect((await berth.json('stop')).code).toBe(0);
    expect(stateOf(tenant.pid)).toMatch(/[RS]/);
  });
});
