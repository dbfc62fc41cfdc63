import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {openLocalHost, type Host, type Runtime} from '../../../src/hosts/index.ts';
import {askWatch, type Answers} from '../../../src/monitor/index.ts';
import {until} from '../../contract/hosts/world.ts';
import {docker} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
import {openBerth, type Berth} from '../../support/berth.ts';

/** The same deployment as containers: the watch lives in the supervisor's, and sees the machine around it. */
describe.skipIf(await needsDocker())('the watch of a deployment of containers', () => {
  let berth: Berth;
  let host: Host;
  let runtime: Runtime;
  // The machine's Docker is shared: a name of its own.
  const name = `watched-${process.pid}`;
  const where = ['--name', name];
  const now = (): Promise<Answers['now']> => askWatch(runtime, name, {ask: 'now'});

  beforeAll(async () => {
    await berthImage();
    berth = await openBerth({BERTH_BASE: (await rigImages()).base});
    const file = join(berth.home, 'berth.yaml');
    await writeFile(file, 'model: nano\nobjectives:\n  ttft: 1min\n  errors: 1%\n  probe: 10s\n');
    const {code, stderr} = await berth.json(
      'deploy',
      '--config',
      file,
      '--engine',
      'embedded',
      '--runtime',
      'docker',
      ...where,
    );
    expect(code, stderr).toBe(0);
    host = openLocalHost({
      stateRoot: join(berth.home, '.local/state/berth'),
      clock: systemClock,
      env: berth.env,
    });
    runtime = await host.runtime('docker');
  }, 600_000);
  afterAll(async () => {
    await berth.run('stop', ...where);
    await host[Symbol.asyncDispose]();
    await berth[Symbol.asyncDispose]();
  });

  it('sees the processes of the machine, and names the model and Berth among them', async () => {
    const {tenants, device} = await until('a sample with the model', async () => {
      const {sample} = await now();
      return sample?.tenants.some(({kind}) => kind === 'model') ? sample : undefined;
    });
    const engine = await docker(['inspect', `berth-${name}-engine-1`, '--format', '{{.State.Pid}}']);
    expect(tenants.find(({key}) => key === 'model')?.pids).toContain(Number(engine));
    expect(tenants.find(({key}) => key === 'berth')?.pids.length).toBeGreaterThanOrEqual(3);
    // This very program is somebody else's, and its container's limit is not taken for the machine's.
    expect(tenants.flatMap(({pids}) => pids)).toContain(process.pid);
    expect(device.totalBytes).toBeGreaterThan(1024 ** 3);
  });

  it('has the gateway in its container ask the model when nobody else does', async () => {
    const probe = await until(
      'a probe',
      async () =>
        (await askWatch(runtime, name, {ask: 'guard'}).catch(() => undefined))?.objectives?.probe?.last ??
        undefined,
      seconds(40),
    );
    expect(probe.outcome).toBe('ok');
    expect(probe.ttftMs).toBeGreaterThan(0);
  });

  it('is missed by nobody when it is killed, and back within seconds', async () => {
    const before = (await now()).health.pid;
    process.kill(before, 'SIGKILL');
    const after = await until('another watch', async () => {
      const {health} = (await now().catch(() => undefined)) ?? {};
      return health && health.pid !== before ? health : undefined;
    });
    expect(after.storeBytes).toBeGreaterThan(0);
    const {value} = await berth.json('status', ...where);
    expect(value).toMatchObject({state: 'serving', restarts: 0});
  });
});
