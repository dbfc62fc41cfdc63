/**
 * The OS's process table, read so that a recycled process id is never mistaken for the process that
 * once had it, and so that what belongs to a deployment can be found without remembering it.
 */
import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';

/** A process, not just its number: ids are recycled, a start time is not. */
export interface ProcessIdentity {
  pid: number;
  /** On Linux boot id and start tick; elsewhere what `ps` says. Only ever compared. */
  started: string;
}

/** A process that carries a mark in its environment. */
export interface MarkedProcess extends ProcessIdentity {
  environment: ReadonlyMap<string, string>;
}

const onLinux = process.platform === 'linux';

/** Identity of a living process; undefined when there is none (a zombie counts as none) or it cannot be told. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = onLinux ? startOnLinux(pid) : startElsewhere(pid);
  return started === undefined ? undefined : {pid, started};
}

export const isAlive = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.started === identity.started;

/** Sends a signal to exactly this process; false when it is gone or its number is another's by now. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    // It ended between the look and the signal, or it is not ours to end.
    return false;
  }
}

/** Living processes whose environment has `key=value`. Linux only: elsewhere none are found. */
export function markedProcesses(key: string, value: string): MarkedProcess[] {
  if (!onLinux) return [];
  const mark = `${key}=${value}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const entries = readQuietly(`/proc/${name}/environ`)?.split('\0') ?? [];
      if (!entries.includes(mark)) return [];
      const identity = identify(Number(name));
      if (!identity) return [];
      const pairs = entries.map((entry): [string, string] => {
        const at = entry.indexOf('=');
        return [entry.slice(0, at), entry.slice(at + 1)];
      });
      return [{...identity, environment: new Map(pairs)}];
    });
}

function startOnLinux(pid: number): string | undefined {
  const stat = readQuietly(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in field 2 may hold spaces and brackets; the fields after its last bracket are plain.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || ticks === undefined) return undefined;
  return `${readQuietly('/proc/sys/kernel/random/boot_id')?.trim() ?? ''}:${ticks}`;
}

function startElsewhere(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    const line = execFileSync('ps', ['-p', String(pid), '-o', 'stat=,lstart='], {encoding: 'utf8'}).trim();
    const [state = 'Z', ...start] = line.split(/\s+/);
    return state.startsWith('Z') ? undefined : start.join(' ');
  } catch {
    // `ps` exits 1 when there is no such process.
    return undefined;
  }
}

/** Files under /proc vanish with their process, and others' are private: both mean "nothing to see". */
export function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
