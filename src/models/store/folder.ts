/** Weights that are several files in a folder: what belongs to it, and how it is as a whole. */
import {createHash} from 'node:crypto';
import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {readJson, writeJson} from '../../base/files.ts';
import {bytes, type Bytes} from '../../base/units.ts';
import {systemCode} from '../../base/errors.ts';
import {weightsMissing} from '../damage.ts';
import {partialBytes} from '../hubs/partial.ts';
import type {Weights} from '../model.ts';
import {isNeeded} from './listing.ts';
import {partialOf, sizeOf, type OneFile, type OneFiles, type OnDisk} from './one-file.ts';

/** Written beside the folder when all of it is there and verified: what it consists of. */
export const Manifest = z.object({
  files: z.array(z.object({path: z.string(), totalBytes: z.number(), sha256: z.string()})),
});
export type Manifest = z.infer<typeof Manifest>;

export const manifestFile = (folder: string): string => `${folder}.files.json`;

export const readManifest = (folder: string): Promise<Manifest | undefined> =>
  // A damaged list is as good as none: the folder is fetched or hashed again.
  readJson(manifestFile(folder), Manifest).catch(() => undefined);

export async function writeManifest(folder: string, manifest: Manifest): Promise<Weights> {
  await writeJson(manifestFile(folder), manifest, 0o644);
  return asWhole(folder, manifest);
}

/** The folder as weights: its hash is that of the lines that `sha256sum` prints, sorted by path. */
export function asWhole(folder: string, {files}: Manifest): Weights {
  const lines = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({path, sha256}) => `${sha256}  ${path}\n`);
  return {
    path: folder,
    totalBytes: bytes(files.reduce((sum, {totalBytes}) => sum + totalBytes, 0)),
    sha256: createHash('sha256').update(lines.join('')).digest('hex'),
  };
}

/** The files of a folder of the user's own. Throws `weights_missing`. */
export async function ownFiles(folder: string): Promise<OneFile[]> {
  try {
    const names = (await readdir(folder)).filter(isNeeded).sort();
    if (!names.some((name) => name.endsWith('.safetensors'))) throw weightsMissing(folder);
    return names.map((name) => ({path: join(folder, name), own: true}));
  } catch (error) {
    throw systemCode(error) === undefined || error instanceof TypeError ? error : weightsMissing(folder);
  }
}

export async function lookAtFolder(
  folder: string,
  files: readonly OneFile[] | undefined,
  one: OneFiles,
): Promise<OnDisk> {
  if (!files) {
    const have = await bytesIn(folder);
    return have === 0 ? {state: 'absent'} : {state: 'partial', haveBytes: have};
  }
  const looked = await Promise.all(files.map((file) => one.look(file)));
  const found = looked.flatMap((each) => ('totalBytes' in each ? [each] : []));
  const totalBytes = bytes(found.reduce((sum, each) => sum + each.totalBytes, 0));
  if (found.length < files.length) return {state: 'partial', haveBytes: await bytesIn(folder)};
  const verified = found.flatMap((each) => (each.state === 'verified' ? [each] : []));
  if (verified.length < files.length) return {state: 'unverified', path: folder, totalBytes};
  return {state: 'verified', ...asWhole(folder, manifestOf(folder, verified))};
}

/** The manifest of verified files. */
export const manifestOf = (folder: string, weights: readonly Weights[]): Manifest => ({
  files: weights.map(({path, totalBytes, sha256}) => ({
    path: path.slice(folder.length + 1),
    totalBytes,
    sha256,
  })),
});

/** Bytes of what is in a folder, also in part. */
async function bytesIn(folder: string): Promise<Bytes> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names
      .filter((name) => isNeeded(name.replace(/\.partial$/, '')))
      .map(async (name) => {
        const path = join(folder, name);
        const part = name.endsWith('.partial') ? await partialBytes(path) : await sizeOf(path);
        return part ?? 0;
      }),
  );
  return bytes(sizes.reduce<number>((sum, each) => sum + each, 0));
}

/** Removes the folder and what is remembered of it; the bytes that became free. */
export async function removeFolder(folder: string, one: OneFiles): Promise<Bytes> {
  const freed = await bytesIn(folder);
  const names = await readdir(folder).catch(() => []);
  await rm(manifestFile(folder), {force: true});
  for (const name of names) await one.remove(join(folder, name.replace(/\.partial$/, '')));
  await rm(folder, {recursive: true, force: true});
  return freed;
}

export const partialsIn = (folder: string, paths: readonly string[]): Promise<number[]> =>
  Promise.all(
    paths.map(async (path) => {
      const at = join(folder, path);
      return (await sizeOf(at)) ?? (await partialBytes(partialOf(at))) ?? 0;
    }),
  );
