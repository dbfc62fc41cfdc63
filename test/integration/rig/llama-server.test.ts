import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {createServer, type AddressInfo} from 'node:net';
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest';
import {writeNano} from '../../../src/models/index.ts';
import {docker} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsLlamaServer} from '../../rig/llama-server.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const program = await needsLlamaServer();
const noDocker = await needsDocker();

describe.skipIf(program === undefined)('the real llama-server', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: ChildProcess;
  let origin: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const weights = join(folder.path, 'nano.gguf');
    await writeNano(weights);
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const {port} = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    origin = `http://127.0.0.1:${port}`;
    const argv = [
      '--model',
      weights,
      '--port',
      String(port),
      '--ctx-size',
      '512',
      '--threads',
      '1',
      '-fit',
      'off',
    ];
    server = spawn(program ?? '', argv, {stdio: 'ignore'});
    await vi.waitFor(async () => expect((await fetch(`${origin}/health`)).status).toBe(200), {
      timeout: 60_000,
      interval: 100,
    });
  });
  afterAll(async () => {
    if (server.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
    await folder[Symbol.asyncDispose]();
  });

  test('loads nano and speaks its notice', async () => {
    const body = JSON.stringify({
      messages: [{role: 'user', content: 'Hello'}],
      max_tokens: 64,
      temperature: 0,
    });
    const response = await fetch(`${origin}/v1/chat/completions`, {method: 'POST', body});
    const answer = (await response.json()) as {choices: [{message: {content: string}}]};
    expect(response.status).toBe(200);
    expect(answer.choices[0].message.content).toContain("This is Berth's built-in stand-in model");
  });

  test.skipIf(noDocker)(
    'needs nothing of the image it runs in',
    async () => {
      const {base} = await rigImages();
      const argv = [
        'run',
        '--rm',
        '--network',
        'none',
        '--volume',
        `${program ?? ''}:/llama-server:ro`,
        base,
      ];
      expect(await docker([...argv, 'sh', '-c', '/llama-server --version 2>&1'])).toContain('version: ');
    },
    RIG_START_MS,
  );
});
