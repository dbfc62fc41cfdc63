import {readFile} from 'node:fs';
import {readdir, readFile as read} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {bytes} from '../../base/units.ts';
import type {ProcessReading} from '../device.ts';
import {showCommand} from './command-line.ts';
import {
  containersOf,
  leaseIn,
  memoryGroupOf,
  parsePasswd,
  parseSizes,
  parseStat,
  parseUid,
  type ProcStat,
} from './proc-text.ts';
import type {ProcessMemory} from './share-out.ts';

export interface SeenProcess {
  reading: ProcessReading;
  memory: ProcessMemory;
  /** Path of its memory control group. */
  group: string | undefined;
}

/** Linux reports start times in ticks of 1/100 s to programs, whatever the kernel's own rate (USER_HZ). */
export const TICKS_PER_SECOND = 100;
/** Enough to keep libuv's four threads busy without making one long turn of the event loop. */
const AT_ONCE = 16;

/** A file of /proc, or undefined: its process may end, or be another user's, at any moment. */
export const procFile = (path: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    readFile(path, 'utf8', (error, text) => {
      resolve(error ? undefined : text);
    });
  });

export interface Machine {
  root: string;
  /** Milliseconds since the epoch. */
  bootedAt: number;
  users: Map<string, string>;
}

/** What the process holds: its proportional share where the kernel lets us see it, else its resident size. */
function memoryOf(status: Map<string, number>, rollup: string | undefined): ProcessMemory {
  const shares = parseSizes(rollup ?? '');
  const share = shares.get('Pss');
  const resident = status.get('VmRSS') ?? 0;
  if (share === undefined) {
    return {usedBytes: resident, fileBytes: status.get('RssFile') ?? 0, exact: false};
  }
  // Pss_File came with Linux 5.9. Before it, resident file pages bound it from above.
  const file = shares.get('Pss_File') ?? Math.min(share, status.get('RssFile') ?? 0);
  return {usedBytes: share, fileBytes: file, exact: true};
}

/** Node calls its main thread `MainThread`, which would hide every Node program behind one name. */
const programName = (name: string, program: string | undefined): string =>
  name === 'MainThread' && program !== undefined ? basename(program) : name;

/** Who a process is, whatever it holds. */
export type ProcessFacts = Omit<ProcessReading, 'usedBytes' | 'peakBytes' | 'uses'>;

export interface Described {
  facts: ProcessFacts;
  sizes: Map<string, number>;
  /** Path of its memory control group. */
  group: string | undefined;
}

/** Undefined when it has ended meanwhile. */
export async function describe(
  pid: number,
  stat: ProcStat,
  machine: Machine,
): Promise<Described | undefined> {
  const folder = join(machine.root, 'proc', String(pid));
  const [status, commandLine, cgroup = '', environment = ''] = await Promise.all([
    procFile(join(folder, 'status')),
    procFile(join(folder, 'cmdline')),
    procFile(join(folder, 'cgroup')),
    procFile(join(folder, 'environ')),
  ]);
  if (status === undefined) return undefined;
  const uid = parseUid(status);
  const user = uid === undefined ? undefined : (machine.users.get(uid) ?? uid);
  const containers = containersOf(cgroup);
  const argv = (commandLine ?? '').split('\0').filter((argument) => argument !== '');
  const command = showCommand(argv);
  const lease = leaseIn(environment);
  return {
    sizes: parseSizes(status),
    group: memoryGroupOf(cgroup)?.path,
    facts: {
      pid,
      parentPid: stat.parentPid,
      name: showCommand([programName(stat.name, argv[0])]),
      command: command === '' ? `[${stat.name}]` : command,
      startedAt: new Date(machine.bootedAt + (stat.startTicks / TICKS_PER_SECOND) * 1000),
      startTicks: stat.startTicks,
      ...(lease !== undefined && {lease}),
      cpuMs: (stat.cpuTicks / TICKS_PER_SECOND) * 1000,
      ...(user !== undefined && {user}),
      ...(containers[0] !== undefined && {containerId: containers[0]}),
      ...(containers.length > 1 && {containerPath: containers}),
    },
  };
}

async function readStat(pid: number, root: string): Promise<ProcStat | undefined> {
  const text = await procFile(join(root, 'proc', String(pid), 'stat'));
  return text === undefined ? undefined : parseStat(text);
}

async function readProcess(pid: number, machine: Machine): Promise<SeenProcess | undefined> {
  const stat = await readStat(pid, machine.root);
  // Kernel threads and zombies hold no pages of their own.
  if (!stat || stat.residentPages === 0) return undefined;
  const [described, rollup] = await Promise.all([
    describe(pid, stat, machine),
    procFile(join(machine.root, 'proc', String(pid), 'smaps_rollup')),
  ]);
  if (!described) return undefined;
  const {facts, group, sizes} = described;
  const memory = memoryOf(sizes, rollup);
  const peak = sizes.get('VmHWM');
  return {
    memory,
    group,
    reading: {
      ...facts,
      usedBytes: bytes(memory.usedBytes),
      ...(peak !== undefined && {peakBytes: bytes(peak)}),
    },
  };
}

export async function openMachine(root: string): Promise<Machine> {
  const [stat, passwd] = await Promise.all([
    read(join(root, 'proc/stat'), 'utf8'),
    procFile(join(root, 'etc/passwd')),
  ]);
  const bootedAt = Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000;
  return {root, bootedAt, users: parsePasswd(passwd ?? '')};
}

/** More generations than any real process has. */
const OLDEST_ANCESTOR = 64;

/** The PIDs above a process, its parent first. */
async function ancestorsOf(stat: ProcStat, root: string): Promise<number[]> {
  const above: number[] = [];
  let at: ProcStat | undefined = stat;
  while (at && at.parentPid > 0 && above.length < OLDEST_ANCESTOR) {
    above.push(at.parentPid);
    at = await readStat(at.parentPid, root);
  }
  return above;
}

/**
 * Who these processes are, and who started them. Those that have ended, or that this machine's /proc does not
 * show, are left out. Their memory maps are not read: for a process with a card's memory mapped that takes long,
 * and holds it up.
 */
export async function readProcessFacts(
  pids: readonly number[],
  root: string,
): Promise<Map<number, ProcessFacts>> {
  const machine = await openMachine(root);
  const known = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readStat(pid, root);
      const described = stat && (await describe(pid, stat, machine));
      return described && {...described.facts, ancestorPids: await ancestorsOf(stat, root)};
    }),
  );
  return new Map(known.filter((one) => one !== undefined).map((one) => [one.pid, one]));
}

/** Every process that holds memory, from /proc under `root`. Those that end meanwhile are left out. */
export async function readLinuxProcesses(root: string): Promise<SeenProcess[]> {
  const [names, machine] = await Promise.all([readdir(join(root, 'proc')), openMachine(root)]);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const seen: SeenProcess[] = [];
  const next = pids[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const pid of next) {
      const one = await readProcess(pid, machine);
      if (one) seen.push(one);
    }
  };
  await Promise.all(Array.from({length: AT_ONCE}, worker));
  return seen.sort((a, b) => a.reading.pid - b.reading.pid);
}
