import {cpus} from 'node:os';
import type {Clock} from '../../base/clock.ts';
import {bytes} from '../../base/units.ts';
import type {Device, DeviceFacts, Reading} from '../device.ts';
import {readElsewhere} from './elsewhere.ts';
import {readLinuxMemory, type SystemMemory} from './memory.ts';
import {readLinuxProcesses, type SeenProcess} from './processes.ts';
import {shareOut} from './share-out.ts';

export interface CpuDeviceOptions {
  clock: Clock;
  /** Stands for `/` of a Linux machine, so that another machine's files can be read. */
  root?: string;
}

interface CpuTimes {
  busy: number;
  all: number;
}

function cpuTimes(): CpuTimes {
  const times = {busy: 0, all: 0};
  for (const {times: one} of cpus()) {
    const busy = one.user + one.nice + one.sys + one.irq;
    times.busy += busy;
    times.all += busy + one.idle;
  }
  return times;
}

/** Processes under the limiting group only: others live on memory that is not ours to share. */
export function withinLimit(memory: SystemMemory, processes: readonly SeenProcess[]): readonly SeenProcess[] {
  const {limit} = memory;
  if (!limit || limit.path === '/') return processes;
  const {path} = limit;
  return processes.filter((one) => one.group === path || one.group?.startsWith(`${path}/`) === true);
}

interface Source {
  memory(): Promise<SystemMemory>;
  all(): Promise<{memory: SystemMemory; processes: readonly SeenProcess[]}>;
}

const linux = (root: string): Source => ({
  memory: () => readLinuxMemory(root),
  async all() {
    const processes = await readLinuxProcesses(root);
    // Memory is read last, so that what the list saw is part of it.
    const memory = await readLinuxMemory(root);
    return {memory, processes: withinLimit(memory, processes)};
  },
});

const elsewhere: Source = {memory: async () => (await readElsewhere()).memory, all: readElsewhere};

/**
 * The device of a host without a GPU: its CPU and RAM. Where a control group limits this process (a
 * container, a slice), its limit is the total. `utilizationRatio` covers the time since the last read,
 * and is undefined when that was too short to tell.
 */
export function openCpuDevice({clock, root}: CpuDeviceOptions): Device {
  const source = root !== undefined || process.platform === 'linux' ? linux(root ?? '/') : elsewhere;
  let facts: Promise<DeviceFacts> | undefined;
  let last = cpuTimes();

  async function readFacts(): Promise<DeviceFacts> {
    // systeminformation costs tens of milliseconds to load: only those who ask for the name pay.
    const [{cpu}, memory] = await Promise.all([import('systeminformation'), source.memory()]);
    const {manufacturer, brand, physicalCores} = await cpu();
    const model = `${manufacturer} ${brand}`.trim() || (cpus()[0]?.model ?? process.arch);
    const cores = physicalCores || cpus().length;
    return {
      kind: 'cpu',
      id: 'cpu',
      name: `${model} (${cores} ${cores === 1 ? 'core' : 'cores'})`,
      totalBytes: bytes(memory.limit?.limitBytes ?? memory.totalBytes),
      cores,
    };
  }

  function utilization(): number | undefined {
    const now = cpuTimes();
    const all = now.all - last.all;
    const ratio = all > 0 ? Math.min(1, Math.max(0, (now.busy - last.busy) / all)) : undefined;
    last = now;
    return ratio;
  }

  return {
    facts: () => (facts ??= readFacts()),
    async read(): Promise<Reading> {
      const {memory, processes} = await source.all();
      const shared = shareOut(
        memory,
        processes.map((one) => one.memory),
      );
      const ratio = utilization();
      return {
        at: clock.now(),
        totalBytes: shared.totalBytes,
        usedBytes: shared.usedBytes,
        freeBytes: shared.freeBytes,
        reservedBytes: shared.reservedBytes,
        ...(ratio !== undefined && {utilizationRatio: ratio}),
        processes: processes.map((one, index) => ({
          ...one.reading,
          usedBytes: shared.processes[index] ?? one.reading.usedBytes,
        })),
      };
    },
  };
}
