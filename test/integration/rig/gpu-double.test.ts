import {afterAll, beforeAll, beforeEach, describe, expect, test, vi} from 'vitest';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';

const USED = ['nvidia-smi', '--query-gpu=memory.used,memory.free', '--format=csv,noheader,nounits'];
const APPS = ['nvidia-smi', '--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'];

describe.skipIf(await needsDocker())('the GPU double on a rig host', () => {
  let rig: Rig;
  let host: RigHost;
  let image: string;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
    image = await host.baseImage();
  }, RIG_START_MS);
  beforeEach(() => host.gpu.plugIn());
  afterAll(() => rig[Symbol.asyncDispose]());

  const settles = (argv: readonly string[], output: string) =>
    vi.waitFor(async () => expect(await host.must(argv)).toBe(output), {timeout: 10_000, interval: 100});
  const pidOf = (container: string) =>
    host.must(['docker', 'inspect', '--format', '{{.State.Pid}}', container]);

  test('answers on the host and inside a container that asked for GPUs, and there alone', async () => {
    const card = 'GPU 0: NVIDIA GeForce RTX 4090 D (UUID: GPU-d0b1e000-4090-4d00-8d0b-1e0000004090)';
    expect(await host.must(['nvidia-smi', '-L'], {user: 'plain'})).toBe(card);
    const contained = ['docker', 'run', '--rm', '--gpus', 'all', '--read-only', '--user', '1000', image];
    expect(await host.must([...contained, 'nvidia-smi', '-L'])).toBe(card);
    const without = await host.exec(['docker', 'run', '--rm', image, 'nvidia-smi', '-L']);
    expect(without.code).toBe(127);
  });

  test('a container holds memory while it runs, by its environment, and is told by its PID', async () => {
    await settles(USED, '0, 24130');
    const command = ['sh', '-c', 'sleep infinity & sleep infinity; :'];
    await host.must([
      'docker',
      'run',
      '-d',
      '--name',
      'tenant',
      '--gpus',
      'all',
      '-e',
      'GPU_DOUBLE_MIB=3000',
      image,
      ...command,
    ]);
    await settles(USED, '3000, 21130');
    expect(await host.must(APPS)).toBe(`${await pidOf('tenant')}, 3000`);
    // As with the real driver: inside its own PID namespace the card is used, but nobody is seen.
    expect(await host.must(['docker', 'exec', 'tenant', ...USED])).toBe('3000, 21130');
    expect(await host.must(['docker', 'exec', 'tenant', ...APPS])).toBe('');
    await host.must(['docker', 'rm', '--force', 'tenant']);
    await settles(USED, '0, 24130');
  });

  test('a named container holds what the state file says, as long as it runs', async () => {
    await host.gpu.set({containers: [{name: 'comfyui', mib: 6144}], other_mib: 500});
    await settles(USED, '500, 23630');
    await host.must(['docker', 'run', '-d', '--name', 'comfyui', image, 'sleep', 'infinity']);
    await settles(APPS, `${await pidOf('comfyui')}, 6144`);
    await host.must(['docker', 'rm', '--force', 'comfyui']);
    await settles(USED, '500, 23630');
  });

  test('a fault reaches running containers, and XIDs the kernel log', async () => {
    await host.must([
      'docker',
      'run',
      '-d',
      '--name',
      'witness',
      '--gpus',
      'all',
      image,
      'sleep',
      'infinity',
    ]);
    await host.gpu.set({fault: 'unknown-error'});
    await host.gpu.xid(79);
    const seen = await host.exec(['docker', 'exec', 'witness', 'nvidia-smi']);
    expect(seen).toMatchObject({code: 255});
    expect(seen.stdout).toContain(
      'Unable to determine the device handle for GPU0: 0000:01:00.0: Unknown Error',
    );
    const xid = /NVRM: Xid \(PCI:0000:01:00\): 79, .*fallen off the bus/;
    expect(await host.must(['dmesg'])).toMatch(xid);
    // As with the real one, it takes a right that users and containers do not have.
    expect(await host.exec(['dmesg'], {user: 'ops'})).toMatchObject({code: 1, stdout: ''});
    const contained = ['docker', 'run', '--rm'];
    expect((await host.exec([...contained, image, 'dmesg'])).stderr).toContain('Operation not permitted');
    expect(await host.must([...contained, '--cap-add', 'SYSLOG', image, 'dmesg'])).toMatch(xid);
    await host.must(['docker', 'rm', '--force', 'witness']);
  });

  test('without a driver, a container that wants a GPU is refused as by the real toolkit', async () => {
    await host.gpu.unplug();
    const refused = await host.exec(['docker', 'run', '--rm', '--gpus', 'all', image, 'true']);
    // Docker's command says 127 for whatever mentions a missing file, for the real toolkit's words too.
    expect(refused.code).toBe(127);
    expect(refused.stderr).toContain('libnvidia-ml.so.1: cannot open shared object file');
  });
});
