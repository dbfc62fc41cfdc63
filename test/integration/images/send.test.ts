import {randomUUID} from 'node:crypto';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {silent, type Progress} from '../../../src/base/progress.ts';
import {openImages, type Images, type SshHost} from '../../../src/hosts/index.ts';
import {sendImage, type SentImage} from '../../../src/images/index.ts';
import {docker} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {sshHost} from '../../support/ssh.ts';
import {localImages} from './world.ts';

const MIB = 1024 ** 2;

describe.skipIf(await needsDocker())('an image is sent to a host over SSH', () => {
  let rig: Rig;
  let host: RigHost;
  let ssh: SshHost;
  let from: Images;
  let to: Images;
  let cache: string;
  /** Two layers of 12 MiB that no compression makes smaller, and a small one, over the base. */
  let reference: string;
  let base: string;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
    from = await localImages();
    cache = await mkdtemp(join(tmpdir(), 'berth-send-'));
    ssh = await sshHost(host, 'ops', cache);
    to = await openImages(() => ssh.connectDocker());
    base = (await rigImages()).base;
    const layers = ['a', 'b'].map((name) => `RUN head -c ${12 * MIB} /dev/urandom > /${name}`).join('\n');
    reference = `berth/sent:${randomUUID().slice(0, 8)}`;
    const dockerfile = `FROM ${base}\n${layers}\nRUN echo small > /c\nLABEL dev.berth.image=sent\n`;
    await docker(['build', '--quiet', '--network', 'none', '--tag', reference, '-'], {
      input: dockerfile,
      limitMs: 300_000,
    });
  }, RIG_START_MS);

  afterAll(async () => {
    from[Symbol.dispose]();
    to[Symbol.dispose]();
    await ssh[Symbol.asyncDispose]();
    await docker(['rmi', '--force', reference]);
    await rm(cache, {recursive: true, force: true});
    await rig[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    await host.restoreNetwork();
    await host.freeDisk();
    await host.must(['sh', '-c', 'docker images -q | sort -u | xargs -r docker rmi --force >/dev/null']);
    await rm(join(cache, 'sending'), {recursive: true, force: true});
  });

  const send = (progress: Progress = silent, signal?: AbortSignal): Promise<SentImage> =>
    sendImage({reference, from, to, cache, progress, ...(signal && {signal})});

  /** Does something once so many bytes are under way. */
  const atBytes = (count: number, act: () => void): Progress => {
    let done = false;
    return ({id, current = 0}) => {
      if (done || id !== 'image/send' || current < count) return;
      done = true;
      act();
    };
  };

  const namesThere = async (): Promise<string[]> =>
    (await host.must(['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}']))
      .split('\n')
      .filter(Boolean);

  it('whole to an empty host, and the second time moves nothing within two seconds', async () => {
    const sent = await send();
    expect(sent).toMatchObject({layers: 4, movedLayers: 4});
    const [here, there] = await Promise.all([from.inspect(reference), to.inspect(reference)]);
    expect(there?.id).toBe(here?.id);
    expect(await namesThere()).toEqual([reference]);
    expect(await host.must(['docker', 'run', '--rm', '--network', 'none', reference, 'cat', '/c'])).toBe(
      'small',
    );

    const started = performance.now();
    expect(await send()).toMatchObject({id: here?.id, movedLayers: 0, movedBytes: 0});
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('moves only the layers that are missing there', async () => {
    await host.baseImage();
    const sent = await send();
    expect(sent.movedLayers).toBe(3);
    expect(sent.movedBytes).toBeGreaterThan(24 * MIB);
    expect(sent.movedBytes).toBeLessThan(26 * MIB);
    expect((await to.inspect(reference))?.id).toBe((await from.inspect(reference))?.id);
  });

  it('goes on after a cut with what has not arrived yet', async () => {
    await host.baseImage();
    const cut = new AbortController();
    const cutting = atBytes(18 * MIB, () => cut.abort());
    await expect(send(cutting, cut.signal)).rejects.toMatchObject({name: 'AbortError'});
    // The first of the two large layers is kept there, the second was under way.
    expect(await namesThere()).toContainEqual(expect.stringMatching(/^berth\/part:[0-9a-f]{12}-2$/));
    const saved: string[] = [];
    const sent = await send(({id, status}) => {
      if (status === 'started') saved.push(id);
    });
    expect(sent.movedLayers).toBe(2);
    expect(sent.movedBytes).toBeLessThan(13 * MIB);
    expect(saved).not.toContain('image/save');
    expect((await to.inspect(reference))?.id).toBe((await from.inspect(reference))?.id);
    expect(await namesThere()).toEqual(expect.not.arrayContaining([expect.stringContaining('berth/part')]));
  });

  it('says that the connection broke when the cable is pulled, and goes on when it is back', async () => {
    await host.baseImage();
    await expect(send(atBytes(18 * MIB, () => void host.cutNetwork()))).rejects.toMatchObject({
      code: 'ssh_connection_lost',
      exit: 3,
    });
    await host.restoreNetwork();
    const sent = await send();
    expect(sent.movedBytes).toBeLessThan(13 * MIB);
    expect((await to.inspect(reference))?.id).toBe((await from.inspect(reference))?.id);
  });

  it('says that the disk is full there, leaves what ran alone, and goes on when there is room', async () => {
    await host.baseImage();
    const before = await namesThere();
    await host.fillDisk();
    await expect(send()).rejects.toMatchObject({code: 'disk_full', exit: 1});
    await host.freeDisk();
    expect(await namesThere()).toEqual(before);
    await send();
    expect((await to.inspect(reference))?.id).toBe((await from.inspect(reference))?.id);
  });

  it('says that there is no such image here', async () => {
    const missing = sendImage({reference: 'berth/none:1', from, to, cache, progress: silent});
    await expect(missing).rejects.toMatchObject({code: 'image_missing'});
  });
});
