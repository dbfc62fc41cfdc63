import {createHash} from 'node:crypto';
import {copyFile, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {docker, run} from './docker.ts';
import {rigImages} from './image.ts';

const DOUBLE = join(import.meta.dirname, '../fakes/gpu/llama-server');

/**
 * A stand-in for the published base of images/llama-cpp, which has the server at the same place: the rig's base with
 * a real llama-server for CPUs. With `cuda`, a double of the server for CUDA stands before it. Built once; its tag.
 */
export async function llamaBase(server: string, {cuda}: {cuda: boolean}): Promise<string> {
  const {base} = await rigImages();
  const dockerfile = [
    `FROM ${base}`,
    ...(cuda
      ? ['COPY llama-server-cpu /app/llama-server-cpu', 'COPY double /app/llama-server']
      : ['COPY llama-server-cpu /app/llama-server']),
    'ENTRYPOINT ["/app/llama-server"]',
    '',
  ].join('\n');
  const hash = createHash('sha256').update(dockerfile).update(server);
  const tag = `berth-test/llama-base:${hash
    .update(await readFile(DOUBLE))
    .digest('hex')
    .slice(0, 12)}`;
  if ((await run(['docker', 'image', 'inspect', tag])).code === 0) return tag;
  const folder = await mkdtemp(join(tmpdir(), 'berth-llama-base-'));
  try {
    await copyFile(server, join(folder, 'llama-server-cpu'));
    await copyFile(DOUBLE, join(folder, 'double'));
    await writeFile(join(folder, 'Dockerfile'), dockerfile);
    await docker(['build', '--quiet', '--tag', tag, folder], {limitMs: 120_000});
    return tag;
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}
