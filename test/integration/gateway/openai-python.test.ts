import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {expect, it} from 'vitest';
import {startFakeEngine} from '../../fakes/engine/start.ts';
import {needs} from '../../support/needs.ts';
import {temporaryFolder} from '../../support/temporary.ts';
import {startGateway, until, upstreamOf} from './rig.ts';

const run = promisify(execFile);

/** A virtual environment with the package; undefined where Python or its package index cannot be had. */
async function pythonWithOpenai(folder: string): Promise<string | undefined> {
  const python = join(folder, 'venv', 'bin', 'python');
  try {
    await run('python3', ['-m', 'venv', join(folder, 'venv')]);
    await run(python, ['-m', 'pip', 'install', '--quiet', 'openai']);
    return python;
  } catch {
    return undefined;
  }
}

it('the official openai client of Python works without special cases', async ({skip}) => {
  await using folder = await temporaryFolder();
  const python = await pythonWithOpenai(folder.path);
  if (!needs(python !== undefined, 'python3 with venv and the package openai') || python === undefined)
    return skip();
  await using engine = await startFakeEngine();
  await using gateway = await startGateway();
  await gateway.order({order: 'route', upstream: upstreamOf(engine)});
  const script = join(import.meta.dirname, 'openai_client.py');
  const {stdout} = await run(python, [script, `${gateway.url}/v1`, gateway.key]);
  expect(stdout.trim()).toBe('ok');
  // The stream that the client closed is given up at the engine too.
  await until('nothing runs', async () => (await gateway.stats()).running === 0);
});
