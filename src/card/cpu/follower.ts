import {readdirSync} from 'node:fs';
import {cpus} from 'node:os';
import {join} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {bytes} from '../../base/units.ts';
import type {Follower} from '../follower.ts';
import {withinLimit} from './device.ts';
import {ProcessFollower} from './follow-processes.ts';
import {parseMeminfo, readAtOnce, readLinuxMemory, type SystemMemory} from './memory.ts';
import {shareOut} from './share-out.ts';

export interface CpuFollowerOptions {
  clock: Clock;
  guest: boolean;
  root: string;
}

const LIMITS_EVERY_MS = 10_000;

/** CPU and RAM of a Linux machine. */
export function followCpu({clock, guest, root}: CpuFollowerOptions): Follower {
  const processes = new ProcessFollower(root);
  let lookedAt: number | undefined;
  let seenAt: number | undefined;
  let unlimitedAt: number | undefined;
  let entries = 0;
  let last: CpuTimes | undefined;

  function utilization(): number | undefined {
    const now = cpuTimes(readAtOnce(join(root, 'proc/stat')));
    const before = last;
    last = now;
    const all = now && before ? now.all - before.all : 0;
    return now && before && all > 0 ? Math.min(1, Math.max(0, (now.busy - before.busy) / all)) : undefined;
  }

  /** Whether a control group limits the machine is seldom news: where none does, it is looked for now and then. */
  async function readMemory(): Promise<SystemMemory> {
    const now = clock.elapsed();
    if (unlimitedAt !== undefined && now - unlimitedAt < LIMITS_EVERY_MS)
      return parseMeminfo(readAtOnce(join(root, 'proc/meminfo')));
    const memory = await readLinuxMemory(root, guest ? 'surroundings' : 'self');
    unlimitedAt = memory.limit ? undefined : now;
    return memory;
  }

  return {
    async facts() {
      const {totalBytes, limit} = await readLinuxMemory(root, guest ? 'surroundings' : 'self');
      const all = cpus();
      return {
        kind: 'cpu',
        id: 'cpu',
        name: all[0]?.model.trim() ?? process.arch,
        totalBytes: bytes(limit?.limitBytes ?? totalBytes),
        cores: all.length,
      };
    },
    async read() {
      const memory = await readMemory();
      const utilizationRatio = utilization();
      const seen = withinLimit(memory, processes.processes);
      const shared = shareOut(
        memory,
        seen.map((one) => one.memory),
      );
      const {totalBytes, usedBytes, freeBytes, reservedBytes} = shared;
      seenAt = clock.elapsed();
      return {
        at: clock.now(),
        ...{totalBytes, usedBytes, freeBytes, reservedBytes},
        ...(utilizationRatio !== undefined && {utilizationRatio}),
        processes: seen.map(({reading}, at) => ({
          ...reading,
          usedBytes: shared.processes[at] ?? reading.usedBytes,
        })),
      };
    },
    async look(which) {
      await processes.look(which === 'all', clock.now().getTime());
      lookedAt = clock.elapsed();
    },
    get seenAt() {
      return seenAt;
    },
    get lookedAt() {
      return lookedAt;
    },
    changed() {
      // Names that are no PIDs do not change in number.
      const now = readdirSync(join(root, 'proc')).length;
      const changed = now !== entries;
      entries = now;
      return changed;
    },
    xids: () => Promise.resolve([]),
    [Symbol.dispose]: () => undefined,
  };
}

interface CpuTimes {
  busy: number;
  all: number;
}

/** proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; a guest's time is part of user's. */
function cpuTimes(text: string): CpuTimes | undefined {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').slice(0, 8).map(Number);
  if (!fields) return undefined;
  const all = fields.reduce((sum, one) => sum + one, 0);
  return {all, busy: all - (fields[3] ?? 0) - (fields[4] ?? 0)};
}
