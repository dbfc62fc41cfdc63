import type {Readable} from 'node:stream';
import {BerthError, ExitCode} from '../../../base/errors.ts';
import type {Docker} from '../docker.ts';
import {apiMessage, apiStatus, asking, diskFull, dockerFailure, isDiskFull} from '../failures.ts';
import {FailedInStream, readMessages} from '../messages.ts';
import {inspect} from './facts.ts';

/** Images asked at once when all of an engine are. */
const AT_ONCE = 6;

/** The image as a tar stream, with all its layers. */
export const save = async (docker: Docker, reference: string): Promise<NodeJS.ReadableStream> =>
  asking(() => docker.raw.getImage(reference).get());

/** Hands a tar of images to the engine. Throws `disk_full`, `docker_unreachable` or `image_not_loaded`. */
export async function load(docker: Docker, tar: Readable, signal?: AbortSignal): Promise<void> {
  try {
    const output = await docker.raw.loadImage(tar, {quiet: true, ...(signal && {abortSignal: signal})});
    // Read to its end: the engine answers 200 before it has looked at the layers.
    for await (const _message of readMessages(output));
  } catch (error) {
    tar.destroy();
    signal?.throwIfAborted();
    const message = apiMessage(error);
    if (isDiskFull(message)) throw diskFull(message, error);
    if (!(error instanceof FailedInStream) && apiStatus(error) === undefined) throw dockerFailure(error);
    throw new BerthError({
      code: 'image_not_loaded',
      what: (t) => t.images.notLoaded(),
      why: (t) => t.images.dockerSays({message}),
      try: ['docker info', 'berth doctor'],
      details: {message},
      cause: error,
    });
  }
}

/**
 * How many of these layers, from the lowest up, some image of the engine has. Intermediate images of builds count
 * too. Zero where containerd keeps the images: there a layer that is left out of a tar is not looked for.
 */
export async function layersPresent(docker: Docker, layers: readonly string[]): Promise<number> {
  if ((await asking(() => docker.info())).containerdStore) return 0;
  const all = await asking(() => docker.raw.listImages({all: true}));
  const ids = [...new Set(all.map(({Id}) => Id))];
  let most = 0;
  const ask = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined && most < layers.length; id = ids.pop()) {
      const theirs = (await inspect(docker, id))?.layers ?? [];
      const differs = layers.findIndex((layer, at) => theirs[at] !== layer);
      most = Math.max(most, differs === -1 ? layers.length : differs);
    }
  };
  await Promise.all(Array.from({length: AT_ONCE}, ask));
  return most;
}

/** Gives an image one more name, `repository:tag`. */
export async function tag(docker: Docker, id: string, reference: string): Promise<void> {
  const colon = reference.lastIndexOf(':');
  const name = {repo: reference.slice(0, colon), tag: reference.slice(colon + 1)};
  await asking(() => docker.raw.getImage(id).tag(name));
}

/** Takes a name from an image, and the image away with its last one. False when there is no such name. */
export async function remove(docker: Docker, reference: string): Promise<boolean> {
  try {
    await docker.raw.getImage(reference).remove();
    return true;
  } catch (error) {
    if (apiStatus(error) === 404) return false;
    throw dockerFailure(error);
  }
}

export interface PushOptions {
  /** The name in the registry, `registry.example:5000/team/berth`. */
  repository: string;
  tag: string;
  /** What the registry wants to know; nothing where everybody may push. */
  credentials?: {username: string; password: string};
  signal?: AbortSignal;
}

/** Gives an image a name in a registry and pushes it there. Throws `image_not_pushed` with what the registry says. */
export async function push(
  docker: Docker,
  reference: string,
  options: PushOptions,
): Promise<{digest?: string}> {
  const {repository, tag, credentials, signal} = options;
  const target = `${repository}:${tag}`;
  await asking(() => docker.raw.getImage(reference).tag({repo: repository, tag}));
  try {
    const output = await docker.raw.getImage(target).push({
      ...(credentials && {authconfig: {...credentials, serveraddress: repository.split('/')[0] ?? ''}}),
      ...(signal && {abortSignal: signal}),
    });
    let digest: string | undefined;
    for await (const {status = ''} of readMessages(output))
      digest = /digest: (sha256:\S+)/.exec(status)?.[1] ?? digest;
    return digest === undefined ? {} : {digest};
  } catch (error) {
    signal?.throwIfAborted();
    const message = apiMessage(error);
    throw new BerthError({
      code: 'image_not_pushed',
      what: (t) => t.images.notPushed({target}),
      why: (t) => t.images.dockerSays({message}),
      try: [`docker login ${repository.split('/')[0]}`, 'berth image send NAME HOST'],
      exit: ExitCode.unreachable,
      details: {target, message},
      cause: error,
    });
  }
}
