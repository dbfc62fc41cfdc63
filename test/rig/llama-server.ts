import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {access, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {cacheFolder} from './names.ts';

const RECIPE = join(import.meta.dirname, 'llama-server', 'build.sh');

/** Where a real llama-server for CPUs (one static program of 12 MB) is, or would be once it is built. */
export async function llamaServerPath(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(RECIPE))
    .digest('hex')
    .slice(0, 12);
  return join(cacheFolder(), `llama-server-${hash}`, 'llama-server');
}

/** Its path, or undefined when nobody built it on this machine yet (`npm run rig -- llama-server`). */
export async function builtLlamaServer(): Promise<string | undefined> {
  const path = await llamaServerPath();
  return access(path).then(
    () => path,
    () => undefined,
  );
}

/** Builds it when it is not there: about five minutes of two free cores, at the lowest priority. */
export async function buildLlamaServer(): Promise<string> {
  const path = await llamaServerPath();
  const built = await builtLlamaServer();
  if (built !== undefined) return built;
  const child = spawn('nice', ['-n', '19', 'sh', RECIPE, join(path, '..')], {stdio: ['ignore', 2, 2]});
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`llama-server could not be built: ${RECIPE} ended with ${String(code)}`);
  return path;
}
