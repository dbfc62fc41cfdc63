import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openCpuDevice} from '../../../src/card/index.ts';
import {readLinuxMemory} from '../../../src/card/cpu/memory.ts';
import {systemClock} from '../../../src/base/clock.ts';

const KIB = 1024;
const meminfo = `MemTotal:       16000000 kB
MemFree:         8000000 kB
MemAvailable:   12000000 kB
Mapped:           300000 kB
SUnreclaim:       100000 kB
KernelStack:       10000 kB
PageTables:        20000 kB
Percpu:             5000 kB
HugePages_Total:       4
HugePages_Free:        3
Hugepagesize:       2048 kB
`;

let root: string;
const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(root, path)), {recursive: true});
  await writeFile(join(root, path), text);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-card-'));
  await put('proc/meminfo', meminfo);
  await put('proc/stat', 'cpu 1 2 3\nbtime 1700000000\n');
});
afterEach(() => rm(root, {recursive: true, force: true}));

describe('memory of a Linux machine', () => {
  it('knows what the kernel holds back', async () => {
    await put('proc/self/cgroup', '0::/\n');
    expect(await readLinuxMemory(root)).toEqual({
      totalBytes: 16_000_000 * KIB,
      availableBytes: 12_000_000 * KIB,
      reservedBytes: (135_000 + 3 * 2048) * KIB,
      mappedFileBytes: 300_000 * KIB,
    });
  });

  it('finds the tightest limit of v2 on the way to the root', async () => {
    await put('proc/self/cgroup', '0::/slice/box\n');
    await put('sys/fs/cgroup/slice/box/memory.max', 'max\n');
    await put('sys/fs/cgroup/slice/memory.max', '2000000000\n');
    await put('sys/fs/cgroup/slice/memory.current', '900000000\n');
    await put('sys/fs/cgroup/slice/memory.stat', 'anon 1\ninactive_file 300000000\n');
    expect((await readLinuxMemory(root)).limit).toEqual({
      path: '/slice',
      limitBytes: 2_000_000_000,
      workingSetBytes: 600_000_000,
    });
  });

  it('does not take the limit of a guest for that of the machine around it', async () => {
    await put('proc/self/cgroup', '0::/slice/box\n');
    await put('sys/fs/cgroup/slice/box/memory.max', '1000000\n');
    expect((await readLinuxMemory(root, 'surroundings')).limit).toBeUndefined();
    await put('sys/fs/cgroup/slice/memory.max', '2000000000\n');
    expect((await readLinuxMemory(root, 'surroundings')).limit?.limitBytes).toBe(2_000_000_000);
    // With v1 a container sees its own group in the place of the root.
    await put('proc/self/cgroup', '4:memory:/docker/box\n');
    await put('sys/fs/cgroup/memory/memory.limit_in_bytes', '1000000\n');
    expect((await readLinuxMemory(root, 'surroundings')).limit).toBeUndefined();
  });

  it('finds the limit of v1, and knows that its huge number means none', async () => {
    await put('proc/self/cgroup', '4:memory:/box\n');
    await put('sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n');
    await put('sys/fs/cgroup/memory/box/memory.limit_in_bytes', '1000000000\n');
    await put('sys/fs/cgroup/memory/box/memory.usage_in_bytes', '400000000\n');
    expect((await readLinuxMemory(root)).limit?.limitBytes).toBe(1_000_000_000);
    await put('sys/fs/cgroup/memory/box/memory.limit_in_bytes', '9223372036854771712\n');
    expect((await readLinuxMemory(root)).limit).toBeUndefined();
  });
});

describe('the device under a limit', () => {
  it('offers the limit, and leaves out processes that live outside it', async () => {
    const group = async (pid: number, path: string): Promise<void> => {
      await put(`proc/${pid}/stat`, `${pid} (p${pid}) S 1 ${'0 '.repeat(17)}100 0 250 0`);
      await put(`proc/${pid}/status`, `Uid:\t1000\t0\t0\t0\nVmHWM:\t 2000 kB\nVmRSS:\t 1000 kB\n`);
      await put(`proc/${pid}/cmdline`, `prog\0--token\0abc\0`);
      await put(`proc/${pid}/cgroup`, `0::${path}\n`);
      await put(`proc/${pid}/environ`, `HOME=/root\0BERTH_LEASE=sd\0`);
    };
    await put('etc/passwd', 'ann:x:1000:1000::/home/ann:/bin/sh\n');
    await put('proc/self/cgroup', '0::/box\n');
    await put('sys/fs/cgroup/box/memory.max', '1000000000\n');
    await put('sys/fs/cgroup/box/memory.current', '500000000\n');
    await group(10, `/box/docker-${'b2'.repeat(32)}.scope`);
    await group(11, '/boxer');
    await put('proc/10/smaps_rollup', '1-2 ---p [rollup]\nRss: 1000 kB\nPss:  700 kB\nPss_File:  50 kB\n');
    const reading = await openCpuDevice({clock: systemClock, root}).read();
    expect(reading).toMatchObject({
      totalBytes: 1_000_000_000,
      usedBytes: 500_000_000,
      freeBytes: 500_000_000,
    });
    expect(reading.processes).toEqual([
      {
        pid: 10,
        cpuMs: 0,
        parentPid: 1,
        name: 'p10',
        command: 'prog --token [redacted]',
        user: 'ann',
        startedAt: new Date(1_700_000_001_000),
        startTicks: 100,
        lease: 'sd',
        usedBytes: 700 * KIB,
        peakBytes: 2000 * KIB,
        containerId: 'b2'.repeat(32),
      },
    ]);
  });
});
