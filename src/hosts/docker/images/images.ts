import type {Duplex, Readable} from 'node:stream';
import type {BuildOptions} from './build.ts';
import type {ImageFacts, OwnImage} from './facts.ts';
import type {PullOptions} from './pull.ts';
import type {PushOptions} from './transfer.ts';

/** The images of one Docker engine. Dispose it to close its idle streams. */
export interface Images extends Disposable {
  /** What its containers run on, in Docker's words: `linux`, `amd64`. */
  platform(): Promise<{os: string; arch: string}>;
  /** Undefined when the engine has no such image. */
  inspect(reference: string): Promise<ImageFacts | undefined>;
  /** Images that Berth has built, the newest first. */
  list(): Promise<OwnImage[]>;
  /** Names of images that hold a part of one that never arrived whole. */
  listParts(): Promise<string[]>;
  pull(reference: string, options: PullOptions): Promise<void>;
  /** Builds an image from a tar stream, without network. */
  build(context: Readable, options: BuildOptions): Promise<void>;
  /** The image as a tar stream, with all its layers. */
  save(reference: string): Promise<NodeJS.ReadableStream>;
  /** Takes a tar of images. */
  load(tar: Readable, signal?: AbortSignal): Promise<void>;
  /** How many of these layers, from the lowest up, need not be moved there. */
  layersPresent(layers: readonly string[]): Promise<number>;
  /** Gives an image, by its id, one more name. */
  tag(id: string, reference: string): Promise<void>;
  /** Takes a name from an image, and the image away with its last one. False when there is no such name. */
  remove(reference: string): Promise<boolean>;
  push(reference: string, options: PushOptions): Promise<{digest?: string}>;
}

/** The images of the engine behind `connect` (see `openDocker`). Loads the library for it only now. */
export async function openImages(connect: () => Promise<Duplex>): Promise<Images> {
  const [{openDocker}, {build}, facts, {pull}, transfer, {asking}] = await Promise.all([
    import('../docker.ts'),
    import('./build.ts'),
    import('./facts.ts'),
    import('./pull.ts'),
    import('./transfer.ts'),
    import('../failures.ts'),
  ]);
  const docker = openDocker(connect);
  return {
    platform: () => asking(() => docker.version()),
    inspect: (reference) => facts.inspect(docker, reference),
    list: () => facts.listOwn(docker),
    listParts: () => facts.listParts(docker),
    pull: (reference, options) => pull(docker, reference, options),
    build: (context, options) => build(docker, context, options),
    save: (reference) => transfer.save(docker, reference),
    load: (tar, signal) => transfer.load(docker, tar, signal),
    layersPresent: (layers) => transfer.layersPresent(docker, layers),
    tag: (id, reference) => transfer.tag(docker, id, reference),
    remove: (reference) => transfer.remove(docker, reference),
    push: (reference, options) => transfer.push(docker, reference, options),
    [Symbol.dispose]: () => docker[Symbol.dispose](),
  };
}
