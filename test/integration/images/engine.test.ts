import {randomUUID} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {silent} from '../../../src/base/progress.ts';
import {buildContext} from '../../../src/images/context.ts';
import {pushImage} from '../../../src/images/index.ts';
import {docker} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker} from '../../rig/rig.ts';
import {localImages} from './world.ts';

describe.skipIf(await needsDocker())('a real Docker engine', () => {
  const build = async (dockerfile: string): Promise<string> => {
    const reference = `berth/test:${randomUUID().slice(0, 8)}`;
    using images = await localImages();
    const files = [{path: 'Dockerfile', content: Buffer.from(dockerfile), executable: false}];
    const more = {reference, arguments: {BASE: (await rigImages()).base}, labels: {}, progress: silent};
    await images.build(buildContext(files), more);
    return reference;
  };

  it('whose build fails: the output of the failed step, and no image', async () => {
    const failing = build('ARG BASE\nFROM ${BASE}\nRUN echo before\nRUN echo 构建失败 >&2; exit 7\n');
    await expect(failing).rejects.toMatchObject({
      code: 'image_build_failed',
      exit: 1,
      details: {message: expect.stringContaining('returned a non-zero code: 7') as string},
      lastLines: expect.arrayContaining(['构建失败']) as string[],
    });
    const error = (await failing.catch((thrown: unknown) => thrown)) as {lastLines: string[]};
    expect(error.lastLines).not.toContain('before');
  });

  it('builds without network', async () => {
    await expect(build('ARG BASE\nFROM ${BASE}\nRUN exec 3<>/dev/tcp/1.1.1.1/53\n')).rejects.toMatchObject({
      code: 'image_build_failed',
    });
  });

  it('says which image could not be pulled, and from where', async () => {
    using images = await localImages();
    await expect(images.pull('127.0.0.1:9/none:1', {progress: silent})).rejects.toMatchObject({
      code: 'image_not_pulled',
      exit: 3,
      details: {message: expect.stringContaining('127.0.0.1:9') as string},
    });
  });

  it('says that a registry cannot be reached for a push', async () => {
    const reference = await build('ARG BASE\nFROM ${BASE}\nLABEL a=b\n');
    using images = await localImages();
    const request = {
      reference,
      images,
      registry: '127.0.0.1:9/team',
      dockerConfig: '/nonexistent',
      progress: silent,
    };
    try {
      await expect(pushImage(request)).rejects.toMatchObject({
        code: 'image_not_pushed',
        details: {target: `127.0.0.1:9/team/${reference}`},
      });
    } finally {
      await docker(['rmi', reference, `127.0.0.1:9/team/${reference}`]);
    }
  });
});
