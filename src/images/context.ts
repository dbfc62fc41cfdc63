import {createReadStream} from 'node:fs';
import {readdir, readlink, stat} from 'node:fs/promises';
import {join, sep} from 'node:path';
import type {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {pack as openPack, type Pack} from 'tar-stream';
import type {InputFile} from './inputs.ts';
import {isNeededAtRunTime, type PackagePlan} from './packages.ts';

/** Everything in an image is as old as the epoch, so that the same files make the same layer. */
const MTIME = new Date(0);

/** The packages that go inside: a staged folder and the plan that it was staged for. */
export interface StagedPackages {
  folder: string;
  plan: PackagePlan;
}

/** The build context as a tar stream. What fails while reading ends the stream with that error. */
export function buildContext(files: readonly InputFile[], packages?: StagedPackages): Readable {
  const tar = openPack();
  void fill(tar, files, packages).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return tar;
}

async function fill(tar: Pack, files: readonly InputFile[], packages?: StagedPackages): Promise<void> {
  for (const {path, content, executable} of files) {
    await new Promise<void>((resolve, reject) => {
      tar.entry({name: path, mode: executable ? 0o755 : 0o644, mtime: MTIME}, content, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  if (!packages) return;
  const {folder, plan} = packages;
  await addFile(tar, join(folder, plan.nodeBinary), 'node/bin/node', 0o755);
  const modules = join(folder, 'node_modules');
  const entries = await readdir(modules, {recursive: true, withFileTypes: true});
  const paths = entries.map((entry) => ({entry, path: join(entry.parentPath, entry.name)}));
  for (const {entry, path} of paths.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = path.slice(modules.length + 1).replaceAll(sep, '/');
    if (!isNeededAtRunTime(name)) continue;
    if (entry.isSymbolicLink())
      throw new Error(`a link where npm makes none: ${path} -> ${await readlink(path)}`);
    if (entry.isFile()) await addFile(tar, path, `node_modules/${name}`, 0o644);
  }
}

async function addFile(tar: Pack, from: string, name: string, mode: number): Promise<void> {
  const {size} = await stat(from);
  const entry = tar.entry({name, mode, size, mtime: MTIME});
  await pipeline(createReadStream(from), entry);
}
