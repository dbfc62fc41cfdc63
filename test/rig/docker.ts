import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {text} from 'node:stream/consumers';

/** How a program ended, and what it said. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Its standard input; nothing when left out. */
  input?: string | Readable;
  /** Milliseconds until it is killed; 60 seconds when left out. */
  limitMs?: number;
}

/** Runs a program of this machine to its end, whatever its exit code. */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ended> {
  const [command, ...rest] = argv;
  const child = spawn(command, rest, {
    signal: AbortSignal.timeout(options.limitMs ?? 60_000),
    killSignal: 'SIGKILL',
  });
  // A program that ends without reading everything has its exit code to say why.
  child.stdin.on('error', () => undefined);
  if (options.input === undefined || typeof options.input === 'string') child.stdin.end(options.input);
  else pipeline(options.input, child.stdin).catch(() => undefined);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return {code, stdout, stderr};
}

/** Runs a program that must succeed: its output without the last line break. */
export async function must(argv: readonly [string, ...string[]], options?: RunOptions): Promise<string> {
  const {code, stdout, stderr} = await run(argv, options);
  if (code !== 0)
    throw new Error(
      `${argv.slice(0, 4).join(' ')} ended with ${String(code)}: ${(stderr || stdout).slice(-2000)}`,
    );
  return stdout.trimEnd();
}

/** The docker command of this machine; it must succeed. */
export function docker(argv: readonly string[], options?: RunOptions): Promise<string> {
  return must(['docker', ...argv], options);
}
