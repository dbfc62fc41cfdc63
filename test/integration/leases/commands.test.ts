import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmod, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {mib, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {makeGroup, removeGroup} from '../../../src/capacity/leases/keep/groups.ts';
import {runHere} from '../../../src/hosts/local/run.ts';
import {docker} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {needs} from '../../support/needs.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const SMI = join(import.meta.dirname, '../../fakes/gpu/nvidia-smi');
const HOLD = `globalThis.kept = Buffer.alloc(Number(process.argv[1]), 1); console.log('ready'); setInterval(() => {}, 1e6)`;

interface Row {
  name: string;
  bytes: number;
  usedBytes: number;
  tier: string;
  tenant: string;
  why?: string;
  process?: {pid: number; group?: string};
  container?: {id: string; name: string};
  pids: number[];
}

/** What this machine lets us prove: control groups of memory can be made here. */
async function canLimit(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const made = await makeGroup({run: runHere}, `probe-${process.pid}`, mib(64));
  if (made.made) await removeGroup({run: runHere}, made.group);
  return made.made;
}

const rowsOf = async (berth: Berth): Promise<Row[]> =>
  (await berth.json('lease', 'ls')).value.leases as Row[];
const leaseIn = ({value}: {value: Record<string, unknown>}): Row => value.lease as Row;
const codeOf = ({value}: {value: Record<string, unknown>}): unknown => (value.error as {code: string}).code;

async function until<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  return await waitFor(ask, {what: () => what, deadline: seconds(20), clock: systemClock});
}

const limits = needs(await canLimit(), 'the right to make a memory control group');

describe('leases of RAM', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await openBerth();
  });
  afterAll(() => berth[Symbol.asyncDispose]());

  it('are kept open for later, counted by the report, and refused with the sum and the nearest size', async () => {
    const added = await berth.json('lease', 'add', 'later', '--ram', '256MiB', '--note', 'Friday');
    expect(leaseIn(added)).toMatchObject({tenant: 'nobody-yet', tier: 'T0', why: 'open', note: 'Friday'});
    const {value} = await berth.json('capacity');
    expect(value.fits).toMatchObject({leasesGrowthBytes: mib(256)});
    expect(value.tenants).toContainEqual(
      expect.objectContaining({kind: 'lease', name: 'later', promisedBytes: mib(256), usedBytes: 0}),
    );
    const refused = await berth.json('lease', 'add', 'huge', '--ram', '4000GiB');
    expect(refused.code).toBe(5);
    const {error} = refused.value as {
      error: {code: string; message: string; try: string[]; details: {largestBytes: number}};
    };
    expect(error.code).toBe('lease_does_not_fit');
    expect(error.try[0]).toBe(`berth lease add huge --ram ${error.details.largestBytes / mib(1)}MiB`);
    const told = await berth.run('lease', 'add', 'huge', '--ram', '4000GiB');
    expect(told.stderr).toMatch(/- +256 MiB {2}lease later(, not used yet)?\n/);
    expect(told.stderr).toMatch(/= +[\d.]+ GiB {2}can be promised\n/);
    expect(codeOf(await berth.json('lease', 'add', 'later', '--ram', '1MiB'))).toBe('lease_exists');
    expect((await berth.json('lease', 'rm', 'later')).value).toMatchObject({bytes: mib(256)});
    expect(await rowsOf(berth)).toEqual([]);
  });

  it('end when their time is over', async () => {
    await berth.json('lease', 'add', 'short', '--ram', '16MiB', '--for', '1s');
    await until(async () => ((await rowsOf(berth)).length === 0 ? true : undefined), 'its end');
  });

  it('can be given to a process that runs already, as advice, with what it holds and a quarter more', async () => {
    const child = spawn(process.execPath, ['-e', HOLD, String(mib(100))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      const adopted = leaseIn(await berth.json('lease', 'adopt', String(child.pid), '--as', 'notebook'));
      expect(adopted).toMatchObject({tier: 'T0', why: 'no-group', process: {pid: child.pid}});
      const row = (await rowsOf(berth)).find(({name}) => name === 'notebook');
      expect(row?.pids).toEqual([child.pid]);
      expect(row?.usedBytes).toBeGreaterThan(mib(100));
      expect(row?.bytes).toBeGreaterThanOrEqual((row?.usedBytes ?? 0) * 1.1);
      expect(codeOf(await berth.json('lease', 'adopt', String(child.pid), '--as', 'again'))).toBe(
        'lease_taken',
      );
      const below = await berth.json('lease', 'resize', 'notebook', '--ram', '50MiB');
      expect([below.code, codeOf(below)]).toEqual([5, 'lease_below_use']);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    // The promise outlives its process: it is open for the next.
    expect((await rowsOf(berth)).find(({name}) => name === 'notebook')).toMatchObject({tenant: 'nobody-yet'});
    expect((await berth.run('lease', 'rm', 'notebook')).code).toBe(0);
  });

  it('leave nothing behind when their program cannot be started', async () => {
    const failed = await berth.json('lease', 'add', 'nope', '--ram', '32MiB', '--', 'no-such-program');
    expect([failed.code, codeOf(failed)]).toEqual([1, 'tenant_not_started']);
    expect(await rowsOf(berth)).toEqual([]);
  });

  describe.skipIf(!limits)('in a control group', () => {
    it('stand before the program begins, can change, and go with the promise while the program goes on', async () => {
      const started = await berth.json(
        'lease',
        'add',
        'train',
        '--ram',
        '64MiB',
        '--',
        'sh',
        '-c',
        'cat /proc/self/cgroup; sleep 1000',
      );
      const row = leaseIn(started);
      expect(row).toMatchObject({tier: 'cgroup', tenant: 'running'});
      const {pid = 0, group = ''} = row.process ?? {};
      const log = await until(async () => {
        const text = await readFile(String(started.value.logFile), 'utf8');
        return text === '' ? undefined : text;
      }, 'the first words of the program');
      expect(log).toContain(group.split('/').at(-1));
      const resized = await berth.json('lease', 'resize', 'train', '--ram', '96MiB');
      expect(leaseIn(resized)).toMatchObject({tier: 'cgroup', bytes: mib(96)});
      expect(leaseIn(await berth.json('lease', 'show', 'train'))).toMatchObject({
        tier: 'cgroup',
        tenant: 'running',
      });
      await berth.run('lease', 'rm', 'train');
      try {
        expect(await readFile(`/proc/${pid}/cgroup`, 'utf8')).not.toContain(group.split('/').at(-1));
      } finally {
        process.kill(pid, 'SIGKILL');
      }
    });

    it('end a command that takes more, and end with it', async () => {
      const take = (size: number) =>
        [
          'run',
          '--ram',
          '128MiB',
          '--',
          process.execPath,
          '-e',
          `Buffer.alloc(${size}, 1); console.log('had it')`,
        ] as const;
      const small = await berth.run(...take(mib(8)));
      expect(small).toMatchObject({code: 0, stdout: 'had it\n'});
      expect(small.stderr).toContain('limited by its control group');
      const large = await berth.run(...take(mib(400)));
      expect(large).toMatchObject({code: 137, stdout: ''});
      expect(large.stderr).toContain('it took more than its 128 MiB');
      expect(large.stderr).toContain('berth run --ram 256MiB -- ');
      expect(small.stderr).not.toContain('it took more');
      expect(await rowsOf(berth)).toEqual([]);
      expect((await berth.run('run', '--ram', '32MiB', '--', 'sh', '-c', 'exit 7')).code).toBe(7);
    });
  });
});

describe.skipIf(await needsDocker())('leases of containers', () => {
  let berth: Berth;
  let image = '';
  const name = `berth-lease-test-${process.pid}`;
  beforeAll(async () => {
    image = (await rigImages()).base;
    berth = await openBerth();
  }, RIG_START_MS);
  afterAll(async () => {
    await docker(['rm', '--force', name]);
    await berth[Symbol.asyncDispose]();
  });

  it('limit a container before it runs, find it again when it was made anew, and let it go on at the end', async () => {
    const run = ['docker', 'run', '-d', '--name', name, image, 'sleep', '1000'];
    const added = leaseIn(await berth.json('lease', 'add', 'web', '--ram', '64MiB', '--', ...run));
    expect(added).toMatchObject({tier: 'cgroup', container: {name}});
    expect(leaseIn(await berth.json('lease', 'resize', 'web', '--ram', '96MiB'))).toMatchObject({
      tier: 'cgroup',
    });
    // Somebody else changes the limit: what stands is what is said.
    await docker(['update', '--memory', '200m', '--memory-swap', '200m', name]);
    expect(leaseIn(await berth.json('lease', 'show', 'web'))).toMatchObject({
      tier: 'T0',
      why: 'not-read-back',
    });
    expect(codeOf(await berth.json('lease', 'adopt', name, '--as', 'twice'))).toBe('lease_taken');

    await docker(['rm', '--force', name]);
    expect((await rowsOf(berth))[0]).toMatchObject({tenant: 'gone'});
    await docker(['run', '--detach', '--name', name, image, 'sleep', '1000']);
    const [anew] = await rowsOf(berth);
    expect(anew).toMatchObject({tenant: 'running', tier: 'T0'});
    expect(anew?.container?.id).not.toBe(added.container?.id);
    expect(leaseIn(await berth.json('lease', 'resize', 'web', '--ram', '96MiB'))).toMatchObject({
      tier: 'cgroup',
    });
    await docker(['stop', '--time', '0', name]);
    expect((await rowsOf(berth))[0]).toMatchObject({tenant: 'stopped', tier: 'cgroup'});
    await docker(['start', name]);
    expect((await rowsOf(berth))[0]).toMatchObject({tenant: 'running', tier: 'cgroup'});

    expect((await berth.run('lease', 'rm', 'web')).code).toBe(0);
    const adopted = leaseIn(await berth.json('lease', 'adopt', name, '--as', 'mine'));
    expect(adopted).toMatchObject({name: 'mine', bytes: mib(64), tier: 'cgroup'});
  });

  it('leave no container and no promise behind when Docker refuses', async () => {
    const failed = await berth.json(
      'lease',
      'add',
      'bad',
      '--ram',
      '64MiB',
      '--',
      'docker',
      'run',
      '--network',
      'no-such-network',
      image,
    );
    expect(failed.code).toBe(1);
    expect((await rowsOf(berth)).map((row) => row.name)).not.toContain('bad');
    expect(await docker(['ps', '--all', '--quiet', '--filter', 'label=dev.berth.lease=bad'])).toBe('');
    expect(
      codeOf(await berth.json('lease', 'add', 'bad', '--ram', '64MiB', '--container', 'no-such-one')),
    ).toBe('lease_no_container');
  });
});

/** With the double of nvidia-smi, which limits nobody: what is asked of the driver, and when, is real. */
describe.skipIf(await needsDocker())('leases of a card (double of nvidia-smi)', () => {
  let berth: Berth;
  let double = '';
  let image = '';
  const name = `berth-lease-card-${process.pid}`;
  beforeAll(async () => {
    image = (await rigImages()).base;
    const folder = await temporaryFolder();
    double = folder.path;
    await symlink(SMI, join(double, 'nvidia-smi'));
    berth = await openBerth({PATH: `${double}:${process.env.PATH ?? ''}`, GPU_DOUBLE_DIR: double});
  }, RIG_START_MS);
  afterAll(async () => {
    await docker(['rm', '--force', name]);
    await berth[Symbol.asyncDispose]();
    await rm(double, {recursive: true});
  });
  const start = (lease: string, ...more: string[]) =>
    berth.json('lease', 'add', lease, '--vram', '6GiB', '--', 'docker', 'run', '--name', name, ...more);

  it('are advice where the driver cannot limit, and say so', async () => {
    await writeFile(join(double, 'state'), 'other_mib=1000\n');
    const added = leaseIn(await start('comfyui', image, 'echo', 'began'));
    expect(added).toMatchObject({tier: 'T0', why: 'card-unproven', bytes: mib(6144)});
    const refused = await berth.json('lease', 'add', 'more', '--vram', '20GiB');
    expect([refused.code, codeOf(refused)]).toEqual([5, 'lease_does_not_fit']);
    expect((await berth.run('lease', 'rm', 'comfyui')).code).toBe(0);
    await docker(['rm', '--force', name]);
  });

  it('let a container begin only after its limit stands on its own group and was read back', async () => {
    await writeFile(join(double, 'state'), 'memory_limits=misc\n');
    const wrapped = join(double, 'nvidia-smi');
    await rm(wrapped);
    // Notes whether the container has begun each time that a limit is set.
    await writeFile(
      wrapped,
      `#!/bin/sh\ncase "$*" in *--set*) docker logs ${name} >>${double}/seen 2>&1; echo "$*" >>${double}/seen;; esac\nexec ${SMI} "$@"\n`,
    );
    await chmod(wrapped, 0o755);
    const more = ['--entrypoint', 'sh', image, '-c', 'echo began; sleep 1000'];
    const added = leaseIn(await start('comfyui', ...more));
    expect(added).toMatchObject({tier: 'T2', tenant: 'running'});
    const id = added.container?.id ?? '';
    await until(
      async () => ((await docker(['logs', name])) === 'began' ? true : undefined),
      'the container to begin',
    );
    const seen = await readFile(join(double, 'seen'), 'utf8');
    expect(seen).toMatch(
      new RegExp(`^memory-limits --set .* -n \\S*/docker/${id} --soft-limit 0 --hard-limit 6144\n$`),
    );
    expect((await rowsOf(berth))[0]).toMatchObject({name: 'comfyui', tier: 'T2'});
    expect((await berth.run('lease', 'rm', 'comfyui')).code).toBe(0);
    expect(await readFile(join(double, 'limits'), 'utf8')).toMatch(/\t0\tmax\n$/);
  });
});
