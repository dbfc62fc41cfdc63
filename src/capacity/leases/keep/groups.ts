/** Memory control groups of a host, v1 and v2, made and read with its own shell. Linux only. */
import {dirname, join} from 'node:path/posix';
import {bytes, type Bytes} from '../../../base/units.ts';
import {memoryGroupOf} from '../../../card/index.ts';
import type {Host} from '../../../hosts/index.ts';

type Shell = Pick<Host, 'run'>;

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';
/** Below the root: where a machine is its own master, processes may not lie in a group that limits its children. */
const V2_PARENT = join(V2, 'berth-leases');

/** Folder of the group that limits a process's memory; undefined where /proc does not tell. */
export async function groupOf(host: Shell, pid: number | 'self'): Promise<string | undefined> {
  const {stdout} = await host.run(['cat', `/proc/${pid}/cgroup`]);
  const found = memoryGroupOf(stdout);
  return found && join(found.version === 1 ? V1 : V2, found.path);
}

const READ = `
cd "$1" || exit 1
if [ -e memory.max ]; then cat memory.max; else cat memory.limit_in_bytes; fi
`;
/** v1 writes "no limit" as the largest multiple of a page. */
const NO_LIMIT = 2 ** 60;

/** The limit that stands in a group; `none` when there is none, undefined when it cannot be read. */
export async function readLimit(host: Shell, group: string): Promise<Bytes | 'none' | undefined> {
  const {code, stdout} = await host.run(['sh', '-c', READ, 'sh', group]);
  const text = stdout.trim();
  if (code !== 0 || !/^(?:max|\d+)$/.test(text)) return undefined;
  return text === 'max' || Number(text) >= NO_LIMIT ? 'none' : bytes(Number(text));
}

/** `memory.events` of v2 and `memory.oom_control` of v1 (Linux 4.13) hold a line `oom_kill N`. */
const KILLS = `
cd "$1" || exit 1
if [ -e memory.events ]; then cat memory.events; else cat memory.oom_control; fi
`;

/** Whether the kernel has ended a process of this group because the group took more than its limit. */
export async function wasKilledAtLimit(host: Shell, group: string): Promise<boolean> {
  const {stdout} = await host.run(['sh', '-c', KILLS, 'sh', group]);
  return /^oom_kill [1-9]/m.test(stdout);
}

/** The kernel rounds down to whole pages, of up to 64 KiB. */
export const isLimit = (read: Bytes | 'none' | undefined, wanted: number): boolean =>
  typeof read === 'number' && read <= wanted && read > wanted - 64 * 1024;

/** Swap is not a way around. In v1 the sum of both must never be below the limit, in whatever order they change. */
const SET = `
set -eu
cd "$1"
if [ -e memory.max ]; then
  limit=$2; swap=0
  if [ "$2" = none ]; then limit=max; swap=max; fi
  echo "$limit" >memory.max
  if [ -e memory.swap.max ]; then echo "$swap" >memory.swap.max; fi
else
  limit=$2
  if [ "$2" = none ]; then limit=-1; fi
  if [ -e memory.memsw.limit_in_bytes ]; then { echo "$limit" >memory.memsw.limit_in_bytes; } 2>/dev/null || true; fi
  echo "$limit" >memory.limit_in_bytes
  if [ -e memory.memsw.limit_in_bytes ]; then echo "$limit" >memory.memsw.limit_in_bytes; fi
fi
`;

/** Sets the limit of a group. What the system says when it refuses; undefined when it did as it was told. */
export async function setLimit(
  host: Shell,
  group: string,
  limit: Bytes | 'none',
): Promise<string | undefined> {
  const {code, stderr} = await host.run(['sh', '-c', SET, 'sh', group, String(limit)]);
  return code === 0 ? undefined : lastLine(stderr);
}

const MAKE = `
set -eu
if [ -n "$2" ]; then
  mkdir -p "$2"
  for folder in "$3" "$2"; do
    grep -qw memory "$folder/cgroup.subtree_control" || echo +memory >"$folder/cgroup.subtree_control"
  done
fi
mkdir -p "$1"
if [ ! -w "$1/cgroup.procs" ]; then echo "$1 may not be used" >&2; exit 1; fi
`;

export type MadeGroup = {made: true; group: string} | {made: false; detail: string};

/** Makes a group with this limit, beside or below the one that this program lives in, and reads the limit back. */
export async function makeGroup(host: Shell, lease: string, limit: Bytes): Promise<MadeGroup> {
  const own = await groupOf(host, 'self');
  if (own === undefined) return {made: false, detail: '/proc/self/cgroup'};
  const one = own.startsWith(`${V1}/`) || own === V1;
  // The path of a group outside our namespace leads nowhere here; then the root of what is mounted is ours.
  const below = one && (await host.run(['test', '-d', own])).code === 0 ? own : V1;
  const group = one ? join(below, `berth-lease-${lease}`) : join(V2_PARENT, lease);
  const made = await host.run(['sh', '-c', MAKE, 'sh', group, one ? '' : V2_PARENT, V2]);
  if (made.code !== 0) return {made: false, detail: lastLine(made.stderr)};
  const refused = await setLimit(host, group, limit);
  const read = await readLimit(host, group);
  if (refused === undefined && isLimit(read, limit)) return {made: true, group};
  await removeGroup(host, group);
  return {made: false, detail: refused ?? `${group}: ${String(read)}`};
}

const DISSOLVE = `
cd "$1" || exit 0
while read -r pid; do echo "$pid" >"$2/cgroup.procs" || true; done <cgroup.procs
cd /
rmdir "$1"
`;

/** Removes a group whose processes go on, in the group around it and without its limit. */
export async function dissolveGroup(host: Shell, group: string): Promise<void> {
  const around = group.startsWith(`${V2_PARENT}/`) ? V2 : dirname(group);
  await host.run(['sh', '-c', DISSOLVE, 'sh', group, around]);
}

/** Removes a group that nobody is in any more; one that is in use, or gone, stays as it is. */
export async function removeGroup(host: Shell, group: string): Promise<void> {
  await host.run(['rmdir', group]);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
