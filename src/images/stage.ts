import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {access, mkdir, mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {BerthError, describeError, ExitCode, systemCode} from '../base/errors.ts';
import {step, type Progress} from '../base/progress.ts';
import type {NodeArch, PackagePlan} from './packages.ts';

const LAST_LINES = 20;

export interface StageOptions {
  /** Folder that keeps what was staged; one folder a plan. */
  cache: string;
  arch: NodeArch;
  progress: Progress;
  signal?: AbortSignal;
}

/**
 * The folder with the packages of a plan, installed for the image by this machine's npm without running any
 * script. Kept for the next build. Throws `npm_missing`, `packages_failed`.
 */
export async function stagePackages(plan: PackagePlan, options: StageOptions): Promise<string> {
  const {cache, progress} = options;
  const folder = join(cache, plan.hash.slice(0, 16));
  const event = {
    id: 'image/packages',
    parent: 'image',
    say: (t) => t.images.stagingPackages(),
  } as const satisfies Parameters<typeof step>[1];
  if (await exists(folder)) {
    progress({...event, status: 'skipped'});
    return folder;
  }
  return step(progress, event, async () => {
    await mkdir(cache, {recursive: true});
    const unfinished = await mkdtemp(join(cache, 'unfinished-'));
    try {
      await writeFile(join(unfinished, 'package.json'), plan.packageJson);
      await writeFile(join(unfinished, 'package-lock.json'), plan.lockfile);
      await npmCi(unfinished, options);
      await rename(unfinished, folder).catch(async (error: unknown) => {
        // Another build of the same plan was faster; what it has is the same.
        if (!(await exists(folder))) throw error;
      });
    } finally {
      await rm(unfinished, {recursive: true, force: true});
    }
    return folder;
  });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function npmCi(folder: string, {arch, signal}: StageOptions): Promise<void> {
  const target = ['--os=linux', `--cpu=${arch}`, '--libc=glibc'];
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--prefer-offline'];
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--omit=dev', ...target, ...quiet], {
    cwd: folder,
    // npm only unpacks here: what its own Node is does not matter, nor do wishes for other installs.
    env: {...process.env, npm_config_engine_strict: 'false', npm_config_omit: '', NODE_ENV: ''},
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    ...(signal && {signal}),
  });
  const lines: string[] = [];
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split(/\r?\n/).filter((line) => line !== ''));
      lines.splice(0, lines.length - LAST_LINES);
    });
  }
  let code: number | null;
  try {
    [code] = (await once(npm, 'close')) as [number | null];
  } catch (error) {
    signal?.throwIfAborted();
    throw npmFailed(
      systemCode(error) === 'ENOENT' ? 'npm_missing' : 'packages_failed',
      [describeError(error)],
      error,
    );
  }
  if (code !== 0) throw npmFailed('packages_failed', lines);
}

function npmFailed(
  code: 'npm_missing' | 'packages_failed',
  lastLines: readonly string[],
  cause?: unknown,
): BerthError {
  return new BerthError({
    code,
    what: (t) => (code === 'npm_missing' ? t.images.npmMissing() : t.images.packagesFailed()),
    try: ['npm --version', 'npm config get registry', 'berth image build berth'],
    exit: code === 'npm_missing' ? ExitCode.failed : ExitCode.unreachable,
    lastLines,
    cause,
  });
}
