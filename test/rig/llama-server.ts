import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {access, mkdir, open, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {cacheFolder} from './names.ts';

const RECIPE = join(import.meta.dirname, 'llama-server', 'build.sh');

/** Where a real llama-server for CPUs (one static program of 12 MB) is, or would be once it is built. */
async function llamaServerPath(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(RECIPE))
    .digest('hex')
    .slice(0, 12);
  return join(cacheFolder(), `llama-server-${hash}`, 'llama-server');
}

/** Its path, or undefined when nobody built it on this machine yet (`npm run rig -- llama-server`). */
async function builtLlamaServer(): Promise<string | undefined> {
  const path = await llamaServerPath();
  return access(path).then(
    () => path,
    () => undefined,
  );
}

/** Builds it when it is not there: five to ten minutes on two cores, at the lowest priority. */
export async function buildLlamaServer(): Promise<string> {
  const path = await llamaServerPath();
  const built = await builtLlamaServer();
  if (built !== undefined) return built;
  await mkdir(join(path, '..'), {recursive: true});
  const logFile = join(path, '..', 'build.log');
  await using log = await open(logFile, 'w');
  const child = spawn('nice', ['-n', '19', 'sh', RECIPE, join(path, '..')], {
    stdio: ['ignore', log.fd, log.fd],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-15);
    throw new Error(`llama-server could not be built (${logFile}):\n${lines.join('\n')}`);
  }
  return path;
}

/** Its path for a test, or undefined, with the reason printed, where it is not built; in CI that throws. */
export async function needsLlamaServer(): Promise<string | undefined> {
  const path = await builtLlamaServer();
  if (path !== undefined) return path;
  const why = 'no real llama-server is built on this machine: npm run rig -- llama-server';
  if (process.env.CI) throw new Error(`CI must test with it, but ${why}`);
  console.warn(`skipped: ${why}`);
  return undefined;
}
