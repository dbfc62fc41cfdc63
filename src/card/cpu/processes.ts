import {readFile} from 'node:fs';
import {readdir, readFile as read} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {bytes} from '../../base/units.ts';
import type {ProcessReading} from '../device.ts';
import {showCommand} from './command-line.ts';
import {containerIdOf, memoryGroupOf, parsePasswd, parseSizes, parseStat, parseUid} from './proc-text.ts';
import type {ProcessMemory} from './share-out.ts';

export interface SeenProcess {
  reading: ProcessReading;
  memory: ProcessMemory;
  /** Path of its memory control group. */
  group: string | undefined;
}

/** Linux reports start times in ticks of 1/100 s to programs, whatever the kernel's own rate (USER_HZ). */
const TICKS_PER_SECOND = 100;
/** Enough to keep libuv's four threads busy without making one long turn of the event loop. */
const AT_ONCE = 16;

/** A file of /proc, or undefined: its process may end, or be another user's, at any moment. */
const procFile = (path: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    readFile(path, 'utf8', (error, text) => {
      resolve(error ? undefined : text);
    });
  });

interface Machine {
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

async function readProcess(pid: number, machine: Machine): Promise<SeenProcess | undefined> {
  const folder = join(machine.root, 'proc', String(pid));
  const statText = await procFile(join(folder, 'stat'));
  const stat = statText === undefined ? undefined : parseStat(statText);
  // Kernel threads and zombies hold no pages of their own.
  if (!stat || stat.residentPages === 0) return undefined;
  const [status, commandLine, cgroup, rollup] = await Promise.all([
    procFile(join(folder, 'status')),
    procFile(join(folder, 'cmdline')),
    procFile(join(folder, 'cgroup')),
    procFile(join(folder, 'smaps_rollup')),
  ]);
  if (status === undefined) return undefined;
  const sizes = parseSizes(status);
  const memory = memoryOf(sizes, rollup);
  const uid = parseUid(status);
  const user = uid === undefined ? undefined : (machine.users.get(uid) ?? uid);
  const peak = sizes.get('VmHWM');
  const containerId = containerIdOf(cgroup ?? '');
  const argv = (commandLine ?? '').split('\0').filter((argument) => argument !== '');
  const command = showCommand(argv);
  return {
    memory,
    group: memoryGroupOf(cgroup ?? '')?.path,
    reading: {
      pid,
      parentPid: stat.parentPid,
      name: showCommand([programName(stat.name, argv[0])]),
      command: command === '' ? `[${stat.name}]` : command,
      startedAt: new Date(machine.bootedAt + (stat.startTicks / TICKS_PER_SECOND) * 1000),
      usedBytes: bytes(memory.usedBytes),
      ...(user !== undefined && {user}),
      ...(peak !== undefined && {peakBytes: bytes(peak)}),
      ...(containerId !== undefined && {containerId}),
    },
  };
}

/** Every process that holds memory, from /proc under `root`. Those that end meanwhile are left out. */
export async function readLinuxProcesses(root: string): Promise<SeenProcess[]> {
  const [names, stat, passwd] = await Promise.all([
    readdir(join(root, 'proc')),
    read(join(root, 'proc/stat'), 'utf8'),
    procFile(join(root, 'etc/passwd')),
  ]);
  const bootedAt = Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000;
  const machine = {root, bootedAt, users: parsePasswd(passwd ?? '')};
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
