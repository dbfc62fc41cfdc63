/** A real neighbour: a process, and a child of it, that burn cores until they are ended. */
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {getPriority} from 'node:os';

const BURN = `
  const {spawn} = require('node:child_process');
  const child = process.argv[1] > 1
    ? spawn(process.execPath, ['-e', process.env.BURN_CODE, String(process.argv[1] - 1)], {
        stdio: 'inherit',
        detached: process.env.BURN_SESSIONS === '1',
      })
    : undefined;
  process.stdout.write(process.pid + '\\n');
  process.on('SIGTERM', () => {
    if (process.env.BURN_STUBBORN) return;
    child?.kill();
    process.exit(0);
  });
  // Memory bandwidth as well as cores: each round walks through 16 MB.
  const block = new Float64Array(2 ** 21);
  const round = () => {
    for (let i = 0; i < block.length; i++) block[i] = block[i] * 1.0000001 + i;
    setImmediate(round);
  };
  round();
`;

export interface Burner extends AsyncDisposable {
  /** The processes, the parent first. */
  pids: readonly number[];
  child: ChildProcess;
}

/**
 * Burns so many cores, with one process each; detached, they are a session of their own, and with BURN_SESSIONS=1 each
 * of them is.
 */
export async function burner(
  cores: number,
  env: Record<string, string> = {},
  {detached = true}: {detached?: boolean} = {},
): Promise<Burner> {
  const child = spawn(process.execPath, ['-e', BURN, String(cores)], {
    env: {PATH: process.env.PATH, BURN_CODE: BURN, ...env},
    stdio: ['ignore', 'pipe', 'inherit'],
    detached,
  });
  const pids: number[] = [];
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    pids.splice(0, pids.length, ...text.split('\n').slice(0, -1).map(Number));
    if (pids.length >= cores) break;
  }
  const all = [child.pid ?? 0, ...pids.filter((pid) => pid !== child.pid)];
  return {
    pids: all,
    child,
    async [Symbol.asyncDispose]() {
      const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      for (const pid of all) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended already.
        }
      }
      await exited;
    },
  };
}

/** `R` runs, `T` is stopped, `S` sleeps; undefined when it is gone (a zombie is gone). */
export function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
    return state === 'Z' ? undefined : state;
  } catch {
    return undefined;
  }
}

/** What a process has that is started here. */
export const USUAL_NICE = getPriority(0);

export const niceOf = (pid: number): number => getPriority(pid);
