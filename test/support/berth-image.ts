import {homedir} from 'node:os';
import {join} from 'node:path';
import {silent} from '../../src/base/progress.ts';
import {connectLocalDocker} from '../../src/hosts/local/docker.ts';
import {openImages} from '../../src/hosts/index.ts';
import {buildImage} from '../../src/images/index.ts';
import {rigImages} from '../rig/image.ts';

/** The image `berth` of this checkout on this machine's Docker, built offline from the rig's base. Its reference. */
export async function berthImage(): Promise<string> {
  const {base} = await rigImages();
  using images = await openImages(() => connectLocalDocker(process.env, 'the tests'));
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'berth-rig', 'images');
  const {reference} = await buildImage({name: 'berth', images, cache, base, progress: silent});
  return reference;
}
