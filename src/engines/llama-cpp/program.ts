import {spawnSync} from 'node:child_process';
import {BerthError, ExitCode} from '../../base/errors.ts';

const LIMIT_MS = 10_000;

/**
 * The version that a llama-server on this machine tells, `0.5.0-dev (build 1, commit 0c1e570)`.
 * @throws BerthError `engine_missing` when it is not there or does not run.
 */
export function programVersion(program: string): string {
  const {error, stdout, stderr, status} = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  const version = error ? undefined : /^version: (.+)$/m.exec(`${stdout}\n${stderr}`)?.[1];
  if (version !== undefined) return version;
  throw new BerthError({
    code: 'engine_missing',
    what: (t) => t.engine.llamaServerMissing({program}),
    why: (t) => t.engine.llamaServerWhy,
    try: [
      'BERTH_LLAMA_SERVER=/path/to/llama-server berth deploy --engine llama-cpp',
      'berth deploy --engine embedded',
    ],
    exit: ExitCode.usage,
    details: {program, exitCode: status},
    cause: error,
  });
}
