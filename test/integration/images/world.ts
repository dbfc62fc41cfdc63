import {homedir} from 'node:os';
import {join} from 'node:path';
import {systemClock} from '../../../src/base/clock.ts';
import {silent} from '../../../src/base/progress.ts';
import {openImages, openLocalHost, type Images} from '../../../src/hosts/index.ts';
import {buildImage, type BuiltImage, type ImageChoice} from '../../../src/images/index.ts';
import type {ImageName} from '../../../src/engines/index.ts';
import {rigImages} from '../../rig/image.ts';
import {cacheFolder} from '../../rig/names.ts';

/** Kept between runs, so that npm gathers the packages once. */
export const CACHE = join(cacheFolder(), 'images');

/** Where npm of the person who runs the tests keeps its settings and downloads; a berth with an empty HOME needs both. */
export const NPM_OF_THE_MACHINE = {
  npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
  npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
};

export const localHost = (): ReturnType<typeof openLocalHost> =>
  openLocalHost({stateRoot: join(CACHE, 'state'), clock: systemClock, env: process.env});

/** The images of this machine's own Docker. */
export const localImages = (): Promise<Images> => openImages(() => localHost().connectDocker());

/** The image from the rig's base on this machine's Docker, built unless it is there. */
export async function builtHere(name: ImageName, choice: ImageChoice = {}): Promise<BuiltImage> {
  using images = await localImages();
  const {base} = await rigImages();
  return await buildImage({name, images, cache: CACHE, progress: silent, base, ...choice});
}
