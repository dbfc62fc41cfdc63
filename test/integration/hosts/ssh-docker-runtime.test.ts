import {afterAll, beforeAll, describe} from 'vitest';
import {describeRuntime} from '../../contract/hosts/describe-runtime.ts';
import {prepareSshHost, sshWorld} from '../../contract/hosts/ssh-world.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';

describe.skipIf(await needsDocker())('on a host over SSH', () => {
  let rig: Rig;
  let image: string;
  beforeAll(async () => {
    [rig, image] = [await openRig({hosts: 1}), await berthImage()];
    await prepareSshHost(rig.hosts[0], image);
  }, RIG_START_MS);
  afterAll(() => rig[Symbol.asyncDispose]());

  describeRuntime('the docker runtime', () => sshWorld(rig.hosts[0], image));
});
