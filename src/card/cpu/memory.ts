import {readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {systemCode} from '../../base/errors.ts';
import {memoryGroupOf, parseSizes} from './proc-text.ts';

/** RAM as the kernel counts it, in bytes. */
export interface SystemMemory {
  totalBytes: number;
  /** What newcomers could get if every cached file page were given back. */
  availableBytes: number;
  /** Unreclaimable kernel memory and huge pages that nobody uses. */
  reservedBytes: number;
  /** File pages mapped by programs: the upper bound of what all of them together hold. */
  mappedFileBytes: number;
  /** The control group that limits this machine to less than its RAM, if one does. */
  limit?: GroupLimit;
}

export interface GroupLimit {
  path: string;
  limitBytes: number;
  /** Charged to the group, page cache that can be given back not counted. */
  workingSetBytes: number;
}

/** A file of /proc that never waits, read at once: libuv's threads would cost ten times as much. */
export const readAtOnce = (path: string): string => readFileSync(path, 'latin1');

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // A controller that is not mounted, or a group outside our namespace, limits nothing that we can see.
    if (['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Parsed /proc/meminfo, before any limit. */
export function parseMeminfo(text: string): Omit<SystemMemory, 'limit'> {
  const sizes = parseSizes(text);
  const size = (name: string): number => sizes.get(name) ?? 0;
  const count = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const kernel = size('SUnreclaim') + size('KernelStack') + size('PageTables') + size('Percpu');
  return {
    totalBytes: size('MemTotal'),
    // MemAvailable came with Linux 3.14; before it, this is its usual estimate.
    availableBytes:
      sizes.get('MemAvailable') ?? size('MemFree') + size('Buffers') + size('Cached') - size('Shmem'),
    reservedBytes: kernel + count('HugePages_Free') * size('Hugepagesize'),
    mappedFileBytes: size('Mapped'),
  };
}

const FILES = {
  1: {root: 'sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes'},
  2: {root: 'sys/fs/cgroup', limit: 'memory.max', usage: 'memory.current'},
} as const;

/**
 * Whose limit counts: that of this process too, or only those of the groups around its own. A program that looks at a
 * machine from a container with a limit of its own would take that for the machine's.
 */
export type LimitOf = 'self' | 'surroundings';

/** The tightest limit on the way from this process's group to the root; undefined when RAM itself is tighter. */
async function tightestLimit(root: string, totalBytes: number, of: LimitOf): Promise<GroupLimit | undefined> {
  const group = memoryGroupOf((await readIfThere(join(root, 'proc/self/cgroup'))) ?? '');
  if (!group) return undefined;
  const files = FILES[group.version];
  let tightest: GroupLimit | undefined;
  const first = of === 'surroundings' ? dirname(group.path) : group.path;
  for (let path = first; ; path = dirname(path)) {
    // The root itself has no limit: where one is seen, a guest sees its own group in the root's place.
    if (of === 'surroundings' && path === '/') return tightest;
    const folder = join(root, files.root, path);
    const limitBytes = Number((await readIfThere(join(folder, files.limit)))?.trim());
    if (limitBytes < (tightest?.limitBytes ?? totalBytes)) {
      const usage = Number(await readIfThere(join(folder, files.usage)));
      const stat = (await readIfThere(join(folder, 'memory.stat'))) ?? '';
      const cache = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
      tightest = {path, limitBytes, workingSetBytes: Math.max(0, usage - cache)};
    }
    if (path === '/' || path === '.') return tightest;
  }
}

/**
 * RAM of a Linux machine from /proc/meminfo, and the memory limit of the control group (v1 or v2) that
 * this process runs in. `root` stands for `/`, so that other machines' files can be read in tests.
 */
export async function readLinuxMemory(root: string, of: LimitOf = 'self'): Promise<SystemMemory> {
  const system = parseMeminfo(await readFile(join(root, 'proc/meminfo'), 'utf8'));
  const limit = await tightestLimit(root, system.totalBytes, of);
  return limit ? {...system, limit} : system;
}
