import {describe, expect, it} from 'vitest';
import {seconds} from '../../../src/base/units.ts';
import {imageOf, runningContainers, runToEnd} from '../../../src/hosts/docker/plain.ts';
import {connectDockerHere, containersHere} from '../../../src/hosts/neighbours/hold/index.ts';
import {until} from '../../contract/hosts/world.ts';
import {docker} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker} from '../../rig/rig.ts';

/** What the watch asks of a real engine of Docker without the library. */
describe.skipIf(await needsDocker())('Docker, asked in plain HTTP', () => {
  const asked = () => ({connect: connectDockerHere, signal: AbortSignal.timeout(30_000)});

  it('runs a program to its end, tells its output and its exit code, and leaves nothing', async () => {
    const {base} = await rigImages();
    const script = 'echo first; echo a complaint >&2; head -c 200000 /dev/zero | tr "\\0" x; exit 3';
    const container = {Image: base, Cmd: ['sh', '-c', script]};
    const {code, stdout} = await runToEnd(asked(), container);
    expect(code).toBe(3);
    expect([stdout.slice(0, 6), stdout.length]).toEqual(['first\n', 200_006]);
    await until('it to be removed', async () => {
      const left = await docker(['ps', '--all', '--format', '{{.Command}}', '--no-trunc']);
      return left.includes('a complaint') ? undefined : true;
    });
  });

  it('tells containers that run by their names, and their images', async () => {
    const {base} = await rigImages();
    const name = `plain-${process.pid}`;
    const id = await docker(['run', '--detach', '--name', name, base, 'sleep', '300']);
    try {
      expect((await containersHere(connectDockerHere, seconds(10))).get(id)).toBe(name);
      const image = await docker(['image', 'inspect', '--format', '{{.Id}}', base]);
      expect(await imageOf(asked(), name)).toBe(image);
    } finally {
      await docker(['rm', '--force', id]);
    }
    expect((await runningContainers(asked())).has(id)).toBe(false);
  });

  it('says what Docker refused', async () => {
    await expect(imageOf(asked(), 'no-such-container')).rejects.toThrow(/No such container/);
    await expect(runToEnd(asked(), {Image: 'no-such-image:at-all'})).rejects.toThrow(/No such image/);
  });
});
