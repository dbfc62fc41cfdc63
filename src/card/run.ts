import {spawn, type ChildProcess} from 'node:child_process';
import {systemCode} from '../base/errors.ts';
import type {Duration} from '../base/units.ts';

export interface RunLimits {
  deadline: Duration;
  signal?: AbortSignal;
}

export type Ran =
  | {state: 'ended'; code: number | null; stdout: string; stderr: string}
  /** It did not end within the deadline and was killed, or cannot even be killed. */
  | {state: 'late'}
  /** There is no such program. */
  | {state: 'missing'};

/** Runs a program to its end, wherever it must run. Never throws for how the program fares, only when aborted. */
export type Run = (argv: readonly [string, ...string[]], limits: RunLimits) => Promise<Ran>;

/** More than any query prints. A flood is cut, and the program ended. */
const MOST_BYTES = 1024 * 1024;
/** Children that cannot be killed (sleeping in a wedged driver) before no more are started. */
const MOST_STUCK = 4;

/** Collects a stream up to the limit; says when it is reached. */
function collect(stream: NodeJS.ReadableStream | null, full: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (size >= MOST_BYTES) return;
    chunks.push(chunk.subarray(0, MOST_BYTES - size));
    size += chunk.length;
    if (size >= MOST_BYTES) full();
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/**
 * Runs programs on this machine. A deadline is kept even against a program that ignores every signal: nvidia-smi
 * can sleep in the driver where SIGKILL does not reach it. Such children are left behind and counted, and when
 * there are too many of them, the next call is `late` at once instead of adding one more.
 */
export function localRun(): Run {
  const stuck = new Set<ChildProcess>();
  return ([program, ...rest], {deadline, signal}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (stuck.size >= MOST_STUCK) {
        resolve({state: 'late'});
        return;
      }
      const child = spawn(program, rest, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {...process.env, LC_ALL: 'C'},
        windowsHide: true,
      });
      const stdout = collect(child.stdout, () => child.kill('SIGKILL'));
      const stderr = collect(child.stderr, () => child.kill('SIGKILL'));

      const leave = (): void => {
        stuck.add(child);
        child.once('exit', () => stuck.delete(child));
        child.kill('SIGKILL');
        // Nobody waits for it any more: it must not keep this program alive.
        child.stdout.destroy();
        child.stderr.destroy();
        child.unref();
      };
      const late = setTimeout(() => {
        leave();
        settle(() => {
          resolve({state: 'late'});
        });
      }, deadline);
      const aborted = (): void => {
        leave();
        settle(() => {
          reject(signal?.reason as Error);
        });
      };
      const settle = (end: () => void): void => {
        clearTimeout(late);
        signal?.removeEventListener('abort', aborted);
        end();
      };
      signal?.addEventListener('abort', aborted, {once: true});
      child.once('error', (error) => {
        settle(() => {
          if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(systemCode(error) ?? '')) resolve({state: 'missing'});
          else reject(error);
        });
      });
      child.once('close', (code) => {
        settle(() => {
          resolve({state: 'ended', code, stdout: stdout(), stderr: stderr()});
        });
      });
    });
}
