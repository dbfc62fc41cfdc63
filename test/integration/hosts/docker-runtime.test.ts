import {describe} from 'vitest';
import {describeRuntime} from '../../contract/hosts/describe-runtime.ts';
import {dockerWorld} from '../../contract/hosts/docker-world.ts';
import {needsDocker} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';

describe.skipIf(await needsDocker())('on this machine', () => {
  let image: Promise<string> | undefined;
  describeRuntime('the docker runtime', async () => dockerWorld(await (image ??= berthImage())));
});
