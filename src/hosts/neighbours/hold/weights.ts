import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {readQuietly} from '../../local/processes.ts';
import type {HeldWeight} from './neighbour.ts';

/** Control groups of both versions, where the CPU is shared out. */
const ROOTS = {v2: '/sys/fs/cgroup', v1: '/sys/fs/cgroup/cpu'};
/** The least that the kernel takes. Source: Documentation/admin-guide/cgroup-v2.rst, sched-design-CFS. */
const LEAST = {'cpu.weight': '1', 'cpu.shares': '2'} as const;

/**
 * The weights that can be lowered for these processes without touching anybody else: of control groups that hold
 * them and no other process.
 */
export function ownWeights(pids: readonly number[]): HeldWeight[] {
  const own = new Set(pids);
  const groups = new Set(pids.flatMap(groupsOf));
  return [...groups].flatMap((path): HeldWeight[] => {
    const members = readQuietly(join(path, '..', 'cgroup.procs')) === undefined ? undefined : membersOf(path);
    if (!members || members.length === 0 || !members.every((pid) => own.has(pid))) return [];
    const before = readQuietly(path)?.trim();
    return before === undefined || !isWritable(path, before) ? [] : [{path, before}];
  });
}

/** Files with the weight of each group that a process is in, but never of the root that everybody is in. */
function groupsOf(pid: number): string[] {
  const lines = readQuietly(`/proc/${pid}/cgroup`)?.split('\n') ?? [];
  return lines.flatMap((line): string[] => {
    const [, hierarchy, controllers = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (path === '' || path === '/') return [];
    if (hierarchy === '0') return [join(ROOTS.v2, path, 'cpu.weight')];
    return controllers.split(',').includes('cpu') ? [join(ROOTS.v1, path, 'cpu.shares')] : [];
  });
}

const membersOf = (weight: string): number[] | undefined =>
  readQuietly(join(weight, '..', 'cgroup.procs'))
    ?.split('\n')
    .filter((line) => line !== '')
    .map(Number);

/** Writing what is there already changes nothing, and shows whether more can be written. */
function isWritable(path: string, value: string): boolean {
  try {
    writeFileSync(path, value);
    return true;
  } catch {
    return false;
  }
}

export function lowerWeight({path}: HeldWeight): void {
  writeFileSync(path, path.endsWith('cpu.weight') ? LEAST['cpu.weight'] : LEAST['cpu.shares']);
}

/** A group that is gone has nothing to restore. */
export function restoreWeight({path, before}: HeldWeight): void {
  try {
    readFileSync(path);
  } catch {
    return;
  }
  writeFileSync(path, before);
}
