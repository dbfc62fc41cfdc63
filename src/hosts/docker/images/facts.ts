import {z} from 'zod';
import {bytes, type Bytes} from '../../../base/units.ts';
import type {Docker} from '../docker.ts';
import {apiStatus, asking} from '../failures.ts';
import {LABELS} from './labels.ts';

/** An image as its engine tells it. */
export interface ImageFacts {
  /** Digest of its configuration, or of its manifest where containerd keeps the images. */
  id: string;
  references: readonly string[];
  /** Digests of its layers' content, the lowest first: the same on every engine. */
  layers: readonly string[];
  totalBytes: Bytes;
  createdAt: Date;
  /** Docker's word, `amd64`. */
  arch: string;
  labels: Readonly<Record<string, string>>;
}

/** An image that Berth has built. */
export interface OwnImage extends Pick<ImageFacts, 'id' | 'references' | 'totalBytes' | 'createdAt'> {
  name: string;
  version: string;
  /** SHA-256 of what it was made of. */
  inputs: string;
  /** The same, its base left out. */
  code: string;
  base: string;
  /** Names of containers made of it, running or not. */
  containers: readonly string[];
}

const labelsSchema = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});
const namesSchema = z
  .array(z.string())
  .nullish()
  .transform((names) => names ?? []);

const inspectSchema = z.object({
  Id: z.string(),
  RepoTags: namesSchema,
  Created: z.string().nullish(),
  Size: z.number(),
  Architecture: z.string(),
  Config: z
    .object({Labels: labelsSchema})
    .nullish()
    .transform((config) => config?.Labels ?? {}),
  RootFS: z.object({Layers: namesSchema}),
});

const listSchema = z.array(
  z.object({
    Id: z.string(),
    RepoTags: namesSchema,
    Created: z.number(),
    Size: z.number(),
    Labels: labelsSchema,
  }),
);

const containersSchema = z.array(z.object({ImageID: z.string(), Names: z.array(z.string())}));

/** Undefined when the engine has no such image. */
export async function inspect(docker: Docker, reference: string): Promise<ImageFacts | undefined> {
  try {
    const found = inspectSchema.parse(await asking(() => docker.raw.getImage(reference).inspect()));
    return {
      id: found.Id,
      references: found.RepoTags,
      layers: found.RootFS.Layers,
      totalBytes: bytes(found.Size),
      createdAt: new Date(found.Created ?? 0),
      arch: found.Architecture,
      labels: found.Config,
    };
  } catch (error) {
    if (error instanceof Error && apiStatus(error.cause) === 404) return undefined;
    throw error;
  }
}

/** Names of images that hold a part of one that never arrived whole. */
export async function listParts(docker: Docker): Promise<string[]> {
  const parts = await asking(() => docker.raw.listImages({filters: {label: [LABELS.partOf]}}));
  return listSchema.parse(parts).flatMap(({RepoTags}) => RepoTags);
}

/** Images that Berth has built, the newest first. */
export async function listOwn(docker: Docker): Promise<OwnImage[]> {
  const [images, containers] = await asking(() =>
    Promise.all([
      docker.raw.listImages({filters: {label: [LABELS.image]}}),
      docker.raw.listContainers({all: true}),
    ]),
  );
  const users = containersSchema.parse(containers);
  return listSchema
    .parse(images)
    .map(({Id, RepoTags, Created, Size, Labels}) => ({
      id: Id,
      references: RepoTags.filter((tag) => tag !== '<none>:<none>'),
      totalBytes: bytes(Size),
      createdAt: new Date(Created * 1000),
      name: Labels[LABELS.image] ?? '',
      version: Labels[LABELS.version] ?? '',
      inputs: Labels[LABELS.inputs] ?? '',
      code: Labels[LABELS.code] ?? '',
      base: Labels[LABELS.base] ?? '',
      containers: users
        .filter(({ImageID}) => ImageID === Id)
        .flatMap(({Names}) => Names.map((name) => name.replace(/^\//, ''))),
    }))
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}
