import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, open, readFile, writeFile} from 'node:fs/promises';
import {constants} from 'node:os';
import {basename, dirname, join} from 'node:path';
import type {Writable} from 'node:stream';
import {BerthError} from '../../../base/errors.ts';
import {identify} from '../../local/processes.ts';

export interface TenantStart {
  argv: readonly [string, ...string[]];
  /** Goes into its environment and that of all that it starts. */
  lease: string;
  /** Folder of the control group that it must be in before it begins. */
  group?: string;
  /** `foreground`: this terminal is its own. Else it outlives this program, and writes to this file. */
  output: 'foreground' | 'foreground-on-stderr' | {file: string};
}

/** A program of this machine that has its pid and its limit, and waits at the gate. */
export interface GatedTenant {
  pid: number;
  /** See `startsOf`. */
  started: string;
  /** Lets it begin. */
  go(): void;
  /** Ends it, before or after. */
  kill(signal: NodeJS.Signals): void;
  /** Its exit code; 128 and the signal's number when a signal ended it. */
  ended: Promise<number>;
}

/** Begins when a line comes through the gate; its end without a line ends the program that waits. */
const GATE = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/**
 * Starts a program of this machine behind a gate: it is in its control group and can be written down before it does
 * anything. POSIX only.
 * @throws BerthError `tenant_not_started`.
 */
export async function startGated({argv, lease, group, output}: TenantStart): Promise<GatedTenant> {
  await using file = typeof output === 'object' ? await openOutput(output.file) : undefined;
  const kept = file?.fd ?? (output === 'foreground-on-stderr' ? 2 : 'inherit');
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...argv], {
    env: {...process.env, BERTH_LEASE: lease},
    stdio: [file ? 'ignore' : 'inherit', kept, file?.fd ?? 'inherit', 'pipe'],
    detached: file !== undefined,
  });
  const ended = once(child, 'exit').then(([code, signal]) => exitOf(code as number | null, signal as string));
  // Whoever waits for it hears of a failure; until then nobody need.
  ended.catch(() => undefined);
  const {pid} = child;
  const gate = child.stdio[3] as Writable | undefined;
  const identity = pid === undefined ? undefined : identify(pid);
  if (pid === undefined || !identity || !gate) throw notStarted(argv[0], await ended.catch(String));
  gate.on('error', () => undefined);
  try {
    if (group !== undefined) await enter(group, pid);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    pid,
    started: identity.started,
    go: () => {
      gate.end('go\n');
      if (file) child.unref();
    },
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

/** Moves a process into a control group, and looks whether it is there. */
async function enter(group: string, pid: number): Promise<void> {
  await writeFile(join(group, 'cgroup.procs'), String(pid));
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8');
  if (!groups.split('\n').some((line) => line.endsWith(`/${basename(group)}`))) {
    throw new Error(`process ${pid} is not in ${group}: ${groups}`);
  }
}

async function openOutput(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  await mkdir(dirname(path), {recursive: true, mode: 0o700});
  return await open(path, 'w', 0o600);
}

const exitOf = (code: number | null, signal: string | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal as NodeJS.Signals]);

/** Whether a gated program has begun; undefined while it is still the shell at the gate. Linux only. */
export async function hasBegun(pid: number): Promise<'begun' | 'ended' | undefined> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (words === '') return 'ended';
  return words.includes(GATE) ? undefined : 'begun';
}

export const notStarted = (program: string, reason: unknown): BerthError =>
  new BerthError({
    code: 'tenant_not_started',
    what: (t) => t.hosts.tenantNotStarted({program}),
    try: [`command -v ${program}`],
    details: {program, reason: String(reason)},
  });
