import {randomUUID} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {docker, run} from '../../rig/docker.ts';
import {llamaBase} from '../../rig/llama-base.ts';
import {needsLlamaServer} from '../../rig/llama-server.ts';
import {needsDocker} from '../../rig/rig.ts';
import {weightsFolder} from '../engines/rig.ts';
import {builtHere} from './world.ts';

const skipped = await needsDocker();
const server = skipped ? undefined : await needsLlamaServer();

describe.skipIf(skipped || server === undefined)(
  'images/llama-cpp, over a base with a real llama-server',
  () => {
    it('serves nano without root, without network and on a read-only disk, and knows that it is healthy', async () => {
      const base = await llamaBase(server ?? '', {cuda: false});
      const image = await builtHere('llama-cpp', {base});
      await using weights = await weightsFolder();
      await run(['chmod', '-R', 'a+rX', weights.path]);
      const name = `berth-test-${randomUUID().slice(0, 8)}`;
      const flags = ['--host', '0.0.0.0', '--port', '9111', '--model', weights.nano, '--ctx-size', '1024'];
      await docker([
        ...[
          'run',
          '--detach',
          '--name',
          name,
          '--read-only',
          '--network=none',
          '--cap-drop=ALL',
          '--tmpfs=/tmp',
        ],
        ...['--security-opt=no-new-privileges', `--volume=${weights.path}:${weights.path}:ro`],
        // As often as a test wants to know; the image asks each half minute.
        ...['--health-interval=1s', '--init'],
        ...[image.reference, 'llama-server', ...flags, '--jinja', '--device', 'none', '--threads', '1'],
      ]);
      try {
        const health = await waitFor(
          async () => {
            const format = '{{.State.Status}} {{.State.Health.Status}}';
            const state = await docker(['inspect', '--format', format, name]);
            if (!state.startsWith('running')) throw new Error(await docker(['logs', name]));
            return state === 'running healthy' ? state : undefined;
          },
          {what: () => 'the healthcheck', deadline: seconds(60), clock: systemClock},
        );
        expect(health).toBe('running healthy');
        expect(await docker(['exec', name, 'id', '-u'])).toBe('65532');
        const body = JSON.stringify({messages: [{role: 'user', content: 'hello'}], max_tokens: 200});
        const request = [
          'POST /v1/chat/completions HTTP/1.0',
          'Content-Type: application/json',
          `Content-Length: ${body.length}`,
          '',
          body,
        ].join('\r\n');
        const ask = `exec 3<>/dev/tcp/127.0.0.1/9111; printf '%s' "$1" >&3; cat <&3`;
        expect(await docker(['exec', name, 'bash', '-c', ask, 'ask', request])).toContain('stand-in');
      } finally {
        await docker(['rm', '--force', name]);
        await docker(['rmi', image.reference]);
      }
    });
  },
);
