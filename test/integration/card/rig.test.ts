import {afterAll, beforeAll, beforeEach, describe, expect, test, vi} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {BerthError} from '../../../src/base/errors.ts';
import {mib, ms, seconds} from '../../../src/base/units.ts';
import {examineCards, localRun, openDevice, ownerOf, type Device, type Run} from '../../../src/card/index.ts';
import {docker} from '../../rig/docker.ts';
import type {GpuState} from '../../rig/gpu-double.ts';
import {prefix} from '../../rig/names.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';

/** Everything here is read from the double of nvidia-smi on a rig host: real formats and processes, no card. */
describe.skipIf(await needsDocker())('a card on a rig host (double of nvidia-smi)', () => {
  let rig: Rig;
  let host: RigHost;
  let image: string;
  let onHost: Run;
  let root: string;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
    image = await host.baseImage();
    const container = `${prefix('tests')}-${host.name}`;
    const pid = await docker(['inspect', '--format', '{{.State.Pid}}', container]);
    // The host's own /proc, as its programs see it.
    root = `/proc/${pid}/root`;
    const local = localRun();
    onHost = async (argv, limits) => {
      const ran = await local(['docker', 'exec', container, ...argv], limits);
      // Docker's words for a program that is not in the container.
      const missing =
        ran.state === 'ended' && /exec failed.*executable file not found/s.test(ran.stdout + ran.stderr);
      return missing ? {state: 'missing'} : ran;
    };
  }, RIG_START_MS);
  beforeEach(() => host.gpu.plugIn());
  afterAll(() => rig[Symbol.asyncDispose]());

  const open = (card?: string): Device =>
    openDevice({run: onHost, clock: systemClock, card, root, deadline: seconds(10)});
  const start = (name: string, mibs: number, ...more: string[]) =>
    host.must([
      ...['docker', 'run', '-d', '--name', name, '--gpus', 'all', '-e', `GPU_DOUBLE_MIB=${mibs}`],
      ...[...more, image, 'sleep', 'infinity'],
    ]);

  test('is chosen, and tells its facts', async () => {
    expect(await open().facts()).toMatchObject({
      kind: 'gpu',
      id: 'GPU-d0b1e000-4090-4d00-8d0b-1e0000004090',
      name: 'NVIDIA GeForce RTX 4090 D',
      totalBytes: mib(24564),
      driver: '570.133.20',
      cudaCeiling: '12.8',
      persistence: true,
    });
    await host.gpu.unplug();
    const without = await open().facts();
    expect([without.kind, without.faults]).toEqual(['cpu', undefined]);
  });

  test('names real containers by their processes, and leaves the rest to nobody', async () => {
    await host.gpu.set({other_mib: 500});
    const [model, lease] = [await start('model', 3000), await start('comfyui', 6144)];
    const device = open();
    const reading = await vi.waitFor(
      async () => {
        const now = await device.read();
        expect(now.processes).toHaveLength(2);
        return now;
      },
      {timeout: 15_000, interval: 200},
    );
    expect(reading).toMatchObject({
      totalBytes: mib(24564),
      usedBytes: mib(9644),
      freeBytes: mib(24564 - 434 - 9644),
      reservedBytes: mib(434),
      utilizationRatio: 0,
      throttle: ['idle'],
    });
    expect(reading.usedBytes + reading.freeBytes + reading.reservedBytes).toBe(reading.totalBytes);
    const owners = [
      {containerId: model, kind: 'deployment', name: 'default'},
      {containerId: lease.slice(0, 12), kind: 'lease', name: 'comfyui'},
    ] as const;
    const bySize = reading.processes.toSorted((a, b) => a.usedBytes - b.usedBytes);
    expect(bySize.map((one) => ownerOf(one, owners))).toEqual([
      {kind: 'deployment', name: 'default', containerId: model},
      {kind: 'lease', name: 'comfyui', containerId: lease},
    ]);
    expect(bySize[0]).toMatchObject({
      name: 'sleep',
      command: 'sleep infinity',
      user: 'root',
      usedBytes: mib(3000),
      uses: 'compute',
    });
    // A rig host is a container itself: where the reader sees both, the inner one is the process's own.
    expect(bySize[0]?.containerPath?.at(-1) ?? bySize[0]?.containerId).toBe(model);
    expect(Math.abs((bySize[0]?.startedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(120_000);

    await host.must(['docker', 'rm', '--force', 'model', 'comfyui']);
    await vi.waitFor(
      async () => expect(await device.read()).toMatchObject({usedBytes: mib(500), processes: []}),
      {timeout: 15_000, interval: 200},
    );
  });

  const FAULTS: readonly (readonly [NonNullable<GpuState['fault']>, string])[] = [
    ['hang', 'card_silent'],
    ['no-devices', 'card_no_devices'],
    ['unknown-error', 'card_no_answer'],
    ['lost', 'card_lost'],
    ['nvml-unknown', 'card_nvml_unknown'],
    ['mismatch', 'card_mismatch'],
    ['no-driver', 'card_no_driver'],
  ];

  test.each(FAULTS)(
    'that suffers %s fails as %s within its deadline, and works again afterwards',
    async (fault, code) => {
      const device = openDevice({run: onHost, clock: systemClock, card: '0', root, deadline: ms(1500)});
      await device.read();
      await host.gpu.set({fault});
      const started = performance.now();
      const error: unknown = await device.read().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(BerthError);
      expect((error as BerthError).code).toBe(code);
      expect((error as BerthError).try.length).toBeGreaterThan(0);
      expect(performance.now() - started).toBeLessThan(8000);

      const expected = fault === 'no-devices' ? undefined : [code.replace('card_', '').replaceAll('_', '-')];
      const other = openDevice({run: onHost, clock: systemClock, root, deadline: ms(1500)});
      const facts = await other.facts();
      expect([facts.kind, facts.faults?.map(({name}) => name)]).toEqual(['cpu', expected]);

      await host.gpu.set({});
      // What hung goes on hanging: killing its `docker exec` does not end it.
      await host.exec(['pkill', '-KILL', '-f', '/usr/bin/nvidia-smi']);
      expect((await device.read()).totalBytes).toBe(mib(24564));
    },
  );

  test('leaves out what it does not tell', async () => {
    await host.gpu.set({
      absent: [
        'utilization.gpu',
        'temperature.gpu',
        'power.draw',
        'memory.reserved',
        'clocks_event_reasons.active',
      ],
    });
    const reading = await open().read();
    expect(reading).toMatchObject({usedBytes: 0, freeBytes: mib(24130), reservedBytes: mib(434)});
    for (const key of ['utilizationRatio', 'temperatureC', 'powerW', 'throttle'])
      expect(reading).not.toHaveProperty(key);
  });

  test('is examined: versions, persistence, and the XIDs of its kernel', async () => {
    await host.gpu.xid(79);
    const found = await examineCards(onHost);
    expect(found).toMatchObject({
      state: 'cards',
      versions: {driver: '570.133.20', cudaCeiling: '12.8'},
      xids: [{code: 79, busId: '0000:01:00', remedy: 'reboot'}],
    });
    await host.gpu.unplug();
    expect(await examineCards(onHost)).toMatchObject({state: 'none', fault: {name: 'not-installed'}});
  });
});
