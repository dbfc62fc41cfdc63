import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {silent, type Progress} from '../../../src/base/progress.ts';
import {en} from '../../../src/base/texts/en/index.ts';
import {openImages, openLocalHost, type Images, type SshHost} from '../../../src/hosts/index.ts';
import {ensureImage, pruneImages} from '../../../src/images/index.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {sshHost} from '../../support/ssh.ts';
import {builtHere, CACHE, localImages} from './world.ts';

const name = 'llama-cpp';

describe.skipIf(await needsDocker())('a host gets its image', () => {
  let rig: Rig;
  let host: RigHost;
  let ssh: SshHost;
  let home: string;
  let target: Images;
  let local: Images;
  let base: string;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
    local = await localImages();
    home = await mkdtemp(join(tmpdir(), 'berth-home-'));
    ssh = await sshHost(host, 'ops', home);
    target = await openImages(() => ssh.connectDocker());
    base = (await builtHere(name)).base;
    await host.must(['sh', '-c', 'docker images -q | sort -u | xargs -r docker rmi --force >/dev/null']);
  }, RIG_START_MS);

  afterAll(async () => {
    local[Symbol.dispose]();
    target[Symbol.dispose]();
    await ssh[Symbol.asyncDispose]();
    await rm(home, {recursive: true});
    await rig[Symbol.asyncDispose]();
  });

  it('sent from this machine, found the next time, built there when this machine has no Docker', async () => {
    const more = {name, target, base, cache: CACHE, progress: silent} as const;
    const sent = await ensureImage({...more, local});
    expect(sent.how).toBe('sent');
    expect(await ensureImage({...more, local})).toEqual({...sent, how: 'found'});

    await host.baseImage();
    await host.must(['docker', 'rmi', sent.reference]);
    const noDocker = openLocalHost({
      stateRoot: CACHE,
      clock: systemClock,
      env: {DOCKER_HOST: 'unix:///nonexistent/docker.sock'},
    });
    using nobody = await openImages(() => noDocker.connectDocker());
    const alone = await ensureImage({...more, local: nobody});
    expect(alone).toMatchObject({reference: sent.reference, how: 'built'});
  });

  it('on whatever base it was built here, where nobody asks for one', async () => {
    const built = await builtHere(name);
    const more = {name, target, local, cache: CACHE} as const;
    await target.remove(built.reference);
    // Other tests may have built the same on another base since: the newest is as good.
    const own = await local.list();
    const {code} = own.find(({references}) => references.includes(built.reference)) ?? {};
    const newest = own.find((image) => image.name === name && image.code === code);
    const [reference = ''] = newest?.references ?? [];
    const base = newest?.base ?? '';
    const said: string[] = [];
    const progress: Progress = ({say}) => void said.push(say(en));
    expect(await ensureImage({...more, progress})).toMatchObject({reference, base, how: 'sent'});
    expect(said).toContain(en.images.unchangedOn({reference, base}));
    expect(await ensureImage({...more, progress})).toMatchObject({reference, base, how: 'found'});
    // Asked for by its name, another base is another image, and this one cannot be pulled here.
    const asked = ensureImage({...more, base: 'localhost:1/no/base:1', progress});
    await expect(asked).rejects.toMatchObject({code: 'image_not_pulled'});
  });

  it('and loses it when it is the newest of its name no more, unless it is needed', async () => {
    const {reference} = await ensureImage({name, target, base, cache: CACHE, progress: silent});
    await host.must(['docker', 'run', '--detach', '--name', 'user', reference, 'sleep', '60']);
    const newer = `FROM ${base}\nLABEL dev.berth.image=${name}\n`;
    await host.must(['docker', 'build', '--quiet', '--tag', 'berth/llama-cpp:newer', '-'], {input: newer});
    const part = `FROM ${base}\nLABEL dev.berth.part-of=sha256:1\n`;
    await host.must(['docker', 'build', '--quiet', '--tag', 'berth/part:1-1', '-'], {input: part});
    const why = async (wanted: string[]): Promise<string | undefined> =>
      (await pruneImages(target, new Set(wanted))).kept.find((kept) => kept.reference === reference)?.why;
    expect(await why([])).toBe('container');
    await host.must(['docker', 'rm', '--force', 'user']);
    expect(await why([reference])).toBe('release');
    expect(await why([])).toBeUndefined();
    expect(await target.inspect(reference)).toBeUndefined();
    expect(await target.inspect('berth/part:1-1')).toBeUndefined();
    expect(await target.inspect('berth/llama-cpp:newer')).toBeDefined();
  });
});
