import {createHash} from 'node:crypto';
import {readdir, readFile} from 'node:fs/promises';
import {join, sep} from 'node:path';
import type {ImageName} from '../engines/index.ts';
import type {Recipe} from './recipe.ts';

/** A file of the build context that is read into memory: source code and scripts. */
export interface InputFile {
  /** In the context, with `/`. */
  path: string;
  content: Buffer;
  executable: boolean;
}

export interface ImageInputs {
  name: ImageName;
  /** Docker's word, `amd64`. */
  arch: string;
  /** What stands for the base whatever it is called: its digest, or its id where it has none. */
  base: string;
  files: readonly InputFile[];
  /** What decides the packages that go inside; undefined when none do. */
  packages?: string;
}

/** SHA-256 of what Berth puts into an image, whatever it is laid over. */
export function hashCode({name, arch, files, packages}: Omit<ImageInputs, 'base'>): string {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return hashOf([
    'berth.image/2',
    name,
    arch,
    packages ?? '',
    ...sorted.map(
      ({path, content, executable}) =>
        `${path} ${executable ? 'x' : '-'} ${createHash('sha256').update(content).digest('hex')}`,
    ),
  ]);
}

/** SHA-256 of everything that decides what is in an image. The same inputs give the same image on every machine. */
export const hashInputs = ({base, ...rest}: ImageInputs): string => hashOf([hashCode(rest), base]);

function hashOf(values: readonly string[]): string {
  const hash = createHash('sha256');
  for (const value of values) hash.update(`${value.length}:${value}\n`);
  return hash.digest('hex');
}

/** The tag of an image with these inputs, `berth/llama-cpp:3f9c2b7a1d04`. */
export const imageTag = (name: string, inputsHash: string): string =>
  `berth/${name}:${inputsHash.slice(0, 12)}`;

/** The files of an image other than its packages: Dockerfile, scripts, and where the recipe says so this program. */
export async function readInputFiles(root: string, recipe: Recipe): Promise<InputFile[]> {
  const plain = (path: string, from: string): Promise<InputFile> => readInput(join(root, from), path);
  return Promise.all([
    plain('Dockerfile', `images/${recipe.name}/Dockerfile`),
    ...Object.entries(recipe.files).map(([path, from]) => plain(path, `images/${from}`)),
    ...(recipe.node ? await ownCode(root) : []).map((path) => plain(`package/${path}`, path)),
  ]);
}

async function readInput(from: string, path: string): Promise<InputFile> {
  return {path, content: await readFile(from), executable: path.startsWith('bin/')};
}

/** This program as it runs here: TypeScript in a checkout, built JavaScript in the published package. */
async function ownCode(root: string): Promise<string[]> {
  const built = (await readdir(root)).includes('src') ? 'src' : 'dist';
  const entries = await readdir(join(root, built), {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll(sep, '/'),
    );
  return ['package.json', 'bin/run.js', ...files];
}
