import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {systemCode} from '../base/errors.ts';
import {step, type Progress} from '../base/progress.ts';
import type {Images} from '../hosts/index.ts';
import {parseReference} from './reference.ts';

export interface PushRequest {
  reference: string;
  images: Images;
  /** `registry.example:5000/team`. */
  registry: string;
  /** Where Docker's command line keeps its logins. */
  dockerConfig: string;
  progress: Progress;
  signal?: AbortSignal;
}

export interface PushedImage {
  reference: string;
  /** Its name in the registry. */
  target: string;
  digest?: string;
}

/** Pushes an image as `REGISTRY/berth/NAME:HASH`, with the login that `docker login` has left in a file. */
export async function pushImage(request: PushRequest): Promise<PushedImage> {
  const {reference, images, registry, dockerConfig, progress, signal} = request;
  const {repository, tag = ''} = parseReference(reference);
  const target = {repository: `${registry.replace(/\/+$/, '')}/${repository}`, tag};
  const name = `${target.repository}:${tag}`;
  const credentials = await readLogin(dockerConfig, parseReference(name).registry);
  const pushed = await step(progress, {id: 'image/push', say: (t) => t.images.pushing({target: name})}, () =>
    images.push(reference, {...target, ...(credentials && {credentials}), ...(signal && {signal})}),
  );
  return {reference, target: name, ...pushed};
}

const configSchema = z.object({
  auths: z.record(z.string(), z.object({auth: z.string().exactOptional()})).exactOptional(),
});

/** The login for a registry from Docker's `config.json`. One that a credential helper keeps is not seen. */
export async function readLogin(
  folder: string,
  registry: string,
): Promise<{username: string; password: string} | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, 'config.json'), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const {auths = {}} = configSchema.parse(JSON.parse(text));
  const key = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  const login = Buffer.from(auths[key]?.auth ?? '', 'base64').toString('utf8');
  const colon = login.indexOf(':');
  return colon === -1 ? undefined : {username: login.slice(0, colon), password: login.slice(colon + 1)};
}
