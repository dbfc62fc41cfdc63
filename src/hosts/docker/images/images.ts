import type {Duplex, Readable} from 'node:stream';
import type {BuildOptions} from './build.ts';
import type {ImageFacts, OwnImage} from './facts.ts';
import type {PullOptions} from './pull.ts';

/** The images of one Docker engine. Dispose it to close its idle streams. */
export interface Images extends Disposable {
  /** What its containers run on, in Docker's words: `linux`, `amd64`. */
  platform(): Promise<{os: string; arch: string}>;
  /** Undefined when the engine has no such image. */
  inspect(reference: string): Promise<ImageFacts | undefined>;
  /** Images that Berth has built, the newest first. */
  list(): Promise<OwnImage[]>;
  pull(reference: string, options: PullOptions): Promise<void>;
  /** Builds an image from a tar stream, without network. */
  build(context: Readable, options: BuildOptions): Promise<void>;
}

/** The images of the engine behind `connect` (see `openDocker`). Loads the library for it only now. */
export async function openImages(connect: () => Promise<Duplex>): Promise<Images> {
  const [{openDocker}, {build}, facts, {pull}, {asking}] = await Promise.all([
    import('../docker.ts'),
    import('./build.ts'),
    import('./facts.ts'),
    import('./pull.ts'),
    import('../failures.ts'),
  ]);
  const docker = openDocker(connect);
  return {
    platform: () => asking(() => docker.version()),
    inspect: (reference) => facts.inspect(docker, reference),
    list: () => facts.listOwn(docker),
    pull: (reference, options) => pull(docker, reference, options),
    build: (context, options) => build(docker, context, options),
    [Symbol.dispose]: () => docker[Symbol.dispose](),
  };
}
