import {randomUUID} from 'node:crypto';
import {beforeAll, describe, expect, it} from 'vitest';
import type {BuiltImage} from '../../../src/images/index.ts';
import {docker, run} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {openBerth} from '../../support/berth.ts';
import {temporaryFolder} from '../../support/temporary.ts';
import {TOKEN, weightsFolder} from '../engines/rig.ts';
import {builtHere, localImages, NPM_OF_THE_MACHINE} from './world.ts';

/** As the protections of a deployment have it, and stricter: no network at all. */
const LOCKED_UP = [
  '--read-only',
  '--network=none',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--tmpfs=/tmp',
  '--memory=1g',
  '--pids-limit=128',
];

describe.skipIf(await needsDocker())('images/berth', () => {
  let image: BuiltImage;
  beforeAll(async () => {
    image = await builtHere('berth');
  }, RIG_START_MS);

  it('says what it is, and is not root', async () => {
    using images = await localImages();
    const facts = await images.inspect(image.reference);
    expect(facts?.labels).toMatchObject({
      'dev.berth.image': 'berth',
      'dev.berth.version': expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      'dev.berth.inputs': expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      'dev.berth.base': (await rigImages()).base,
    });
    expect(image.reference).toContain(facts?.labels['dev.berth.inputs']?.slice(0, 12));
    expect(await docker(['run', '--rm', ...LOCKED_UP, image.reference, 'id', '-u'])).toBe('65532');
  });

  it('holds nothing that is not needed at run time', async () => {
    const find =
      'find /opt/berth -name "*.map" -o -name "*.d.ts" -o -name "*.bundle" -o -name "*.gguf" | head -5';
    expect(await docker(['run', '--rm', ...LOCKED_UP, image.reference, 'sh', '-c', find])).toBe('');
    using images = await localImages();
    const base = await images.inspect((await rigImages()).base);
    const own = (await images.inspect(image.reference))?.totalBytes ?? NaN;
    // 127 MB of it are Node.
    expect(own - (base?.totalBytes ?? NaN)).toBeLessThan(190e6);
  });

  it('runs the command line', async () => {
    expect(await docker(['run', '--rm', ...LOCKED_UP, image.reference, 'berth', '--version'])).toMatch(
      /^berth \d/,
    );
    const models = await docker(['run', '--rm', ...LOCKED_UP, image.reference, 'berth', 'models', '--json']);
    expect(JSON.parse(models)).toMatchObject({schema: 'berth.models/1'});
  });

  it.each([['../bin/run'], ['/etc/passwd'], ['no/such'], ['']])(
    'runs no program called "%s"',
    async (name) => {
      const ended = await run([
        'docker',
        'run',
        '--rm',
        ...LOCKED_UP,
        image.reference,
        'berth-program',
        name,
      ]);
      expect(ended).toMatchObject({code: 2, stderr: expect.stringContaining('no such program') as string});
    },
  );

  it('serves nano with the embedded engine, locked up', async () => {
    await using weights = await weightsFolder();
    const name = `berth-test-${randomUUID().slice(0, 8)}`;
    const mount = `--volume=${weights.path}:${weights.path}:ro`;
    const flags = ['--host', '127.0.0.1', '--port', '8000', '--model', 'nano', '--weights', weights.nano];
    await run(['chmod', '-R', 'a+rX', weights.path]);
    await docker([
      ...['run', '--detach', '--name', name, ...LOCKED_UP, mount, '--env', `BERTH_ENGINE_TOKEN=${TOKEN}`],
      ...[image.reference, 'berth-program', 'engines/embedded/main', ...flags, '--context', '2048'],
    ]);
    try {
      const ask = `
        const headers = {authorization: 'Bearer ${TOKEN}', 'content-type': 'application/json'};
        const body = JSON.stringify({model: 'nano', messages: [{role: 'user', content: 'hello'}]});
        for (let left = 300; ; left--) {
          const health = await fetch('http://127.0.0.1:8000/health').catch(() => undefined);
          if (health?.status === 200) break;
          if (left === 0) throw new Error('not ready');
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        const answer = await fetch('http://127.0.0.1:8000/v1/chat/completions', {method: 'POST', headers, body});
        process.stdout.write(JSON.stringify(await answer.json()));`;
      const asked = ['exec', name, '/opt/berth/bin/node', '--input-type=module', '--eval', ask] as const;
      const {code, stdout, stderr} = await run(['docker', ...asked]);
      const log = await run(['docker', 'logs', name]);
      expect(code, `${stderr}\n${log.stdout}\n${log.stderr}`).toBe(0);
      const answer = JSON.parse(stdout) as {choices: [{message: {content: string}}]};
      expect(answer.choices[0].message.content).toContain('stand-in');
    } finally {
      await docker(['rm', '--force', name]);
    }
  });

  it('is built by the command once, and the second time is a no-op of less than two seconds', async () => {
    await using berth = await openBerth(NPM_OF_THE_MACHINE);
    const {base} = await rigImages();
    const first = await berth.json('image', 'build', 'berth', '--base', base);
    expect(first).toMatchObject({
      code: 0,
      value: {
        schema: 'berth.image-build/1',
        host: 'local',
        images: [{name: 'berth', reference: image.reference}],
      },
    });
    const started = performance.now();
    const second = await berth.json('image', 'build', 'berth', '--base', base);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(second.value).toMatchObject({images: [{id: image.id, built: false}]});
    expect((await berth.json('image', 'ls')).value.images).toEqual(
      expect.arrayContaining([expect.objectContaining({id: image.id, name: 'berth', base})]),
    );
    expect((await berth.run('image', 'ls')).stdout).toContain(image.reference);
  });

  it('shows what npm says when the packages cannot be had', async () => {
    await using folder = await temporaryFolder();
    await using berth = await openBerth({
      npm_config_cache: folder.path,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
    });
    // Another base, so that there is something to build.
    const base = `berth-test-base:${randomUUID().slice(0, 8)}`;
    await docker(['build', '--quiet', '--tag', base, '-'], {
      input: `FROM ${(await rigImages()).base}\nLABEL unique=${base}\n`,
    });
    try {
      const ended = await berth.json('image', 'build', 'berth', '--base', base);
      expect(ended).toMatchObject({code: 3, value: {error: {code: 'packages_failed'}}});
      expect(JSON.stringify(ended.value)).toContain('127.0.0.1:9');
    } finally {
      await docker(['rmi', base]);
    }
  });
});
