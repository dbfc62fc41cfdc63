import {mkdir, symlink} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {CACHE} from '../../integration/images/world.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {converged, Record, saw, served} from './record.ts';
import {errorOf, expectError, Site} from './site.ts';

describe.skipIf(await needsDocker())('the disk of a host over SSH', () => {
  const record = new Record('disk');
  let site: Site;
  beforeAll(async () => {
    site = await Site.open();
    // The packages are here already: what fails is the build on the host, not npm.
    const cache = join(site.berth.home, '.cache', 'berth');
    await mkdir(cache, {recursive: true});
    await symlink(CACHE, join(cache, 'images'));
  }, RIG_START_MS);
  afterAll(async () => {
    await record.conclude();
    await site[Symbol.asyncDispose]();
  });

  it('is full during a build there: refused with the reason, and with room it is built', async () => {
    const other = 'other-base:test';
    // Layers that other files of this run have left there would leave nothing to write.
    await site.host.must(['docker', 'image', 'prune', '--all', '--force']);
    await site.host.must(['docker', 'tag', await site.host.baseImage(), other]);
    const build = ['image', 'build', 'berth', '--host', 'rig1', '--base', other];
    const free = Number(await site.host.must(['sh', '-c', 'df --output=avail -B1 /data | tail -n 1']));
    await site.host.fillDisk(free - 64 * 1024 ** 2);
    const told = await site.run(build);
    await site.host.freeDisk();
    expectError(told, 'disk_full');
    const images = (await site.must(build)).images as {reference: string; built: boolean}[];
    expect(images).toMatchObject([{built: true}]);
    await site.host.must(['docker', 'rmi', images[0]?.reference ?? '', other]);
    record.add({
      fault: 'disk of the host full during `image build`',
      saw: saw(told),
      served: 'nothing was deployed',
      converged: 'with room, the same command builds it',
    });
  });

  it('is full when a release is deployed: refused with the reason, the old one serves, and with room it is deployed', async () => {
    await site.must(site.newRelease());
    const {release: before} = await site.settled();
    const flags = site.newRelease();
    const streaming = await site.stream();
    await site.host.fillDisk();
    const told = await site.run(flags);
    await site.host.freeDisk();
    expect(told.code).not.toBe(0);
    expect(errorOf(told).code).not.toBe('bug');
    expect(JSON.stringify(told.value)).toMatch(/space|full/i);
    expect((await site.settled()).release).toBe(before);
    const second = await site.converge(flags);
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    record.add({
      fault: 'disk of the host full',
      saw: saw(told),
      served: served(streamed),
      converged: converged(second),
    });
  });
});
