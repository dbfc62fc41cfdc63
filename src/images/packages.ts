import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Recipe} from './recipe.ts';

/** An entry of package-lock.json. What we do not touch is kept as it is. */
interface LockedPackage {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

interface Lockfile {
  packages: Record<string, LockedPackage>;
  [field: string]: unknown;
}

/** What npm is to install for the image: two files of a folder of its own. */
export interface PackagePlan {
  packageJson: string;
  lockfile: string;
  /** Tells two plans apart. */
  hash: string;
  /** Where the Node binary lies in the folder afterwards. */
  nodeBinary: string;
}

export type NodeArch = 'x64' | 'arm64';

/** Node's word for an architecture of Docker; undefined for one that Berth has no packages for. */
export function nodeArch(dockerArch: string): NodeArch | undefined {
  return dockerArch === 'amd64' ? 'x64' : dockerArch === 'arm64' ? 'arm64' : undefined;
}

/**
 * The production packages of this lockfile for Linux with glibc on `arch`, with the engine's CPU build as the
 * only optional one and the recipe's Node beside them. Pure: what is read are the two texts.
 */
export function planPackages(
  texts: {packageJson: string; lockfile: string},
  node: NonNullable<Recipe['node']>,
  arch: NodeArch,
): PackagePlan {
  const own = JSON.parse(texts.packageJson) as {
    name: string;
    version: string;
    dependencies: Record<string, string>;
  };
  const lock = JSON.parse(texts.lockfile) as Lockfile;
  const nodePackage = `node-linux-${arch}`;
  const engine = `@node-llama-cpp/linux-${arch}`;
  const engineEntry = lock.packages[`node_modules/${engine}`];
  if (engineEntry?.version === undefined) throw new Error(`package-lock.json lacks ${engine}`);
  const root = {
    name: 'berth-image',
    // The version of Berth itself must not matter here, or every release would send all packages anew.
    version: '0.0.0',
    dependencies: {...own.dependencies, [engine]: engineEntry.version, [nodePackage]: node.version},
  };
  const packages: Record<string, LockedPackage> = {'': root};
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.dev === true || entry.optional === true || entry.devOptional === true) continue;
    // Optional packages are chosen here, not by npm, so that nobody downloads builds for GPUs that stay outside.
    const {optionalDependencies: _chosenHere, ...kept} = entry;
    packages[path] = kept;
  }
  const {optional: _wanted, ...engineKept} = engineEntry;
  packages[`node_modules/${engine}`] = engineKept;
  packages[`node_modules/${nodePackage}`] = {
    version: node.version,
    integrity: node.integrity[arch],
    cpu: [arch],
    os: ['linux'],
  };
  const sorted = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const packageJson = JSON.stringify(root, undefined, 2);
  const lockfile = JSON.stringify(
    {...lock, name: root.name, version: root.version, packages: sorted},
    undefined,
    2,
  );
  return {
    packageJson,
    lockfile,
    hash: createHash('sha256').update(`${packageJson}\n${lockfile}`).digest('hex'),
    nodeBinary: `node_modules/${nodePackage}/bin/node`,
  };
}

/** The texts that a plan is made from: npm does not publish package-lock.json, so the built package has a copy. */
export function readPackageTexts(root: string): {packageJson: string; lockfile: string} {
  const places = [join(root, 'package-lock.json'), join(root, 'dist', 'package-lock.json')];
  const lockfile = places.find((path) => existsSync(path));
  if (lockfile === undefined) throw new Error(`no package-lock.json in ${root}`);
  return {
    packageJson: readFileSync(join(root, 'package.json'), 'utf8'),
    lockfile: readFileSync(lockfile, 'utf8'),
  };
}

/** Whether a file of node_modules is needed to run. Licences stay; what is for people, compilers and builds goes. */
export function isNeededAtRunTime(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^(licen[cs]e|copying|notice)/i.test(name)) return true;
  if (/\.(md|markdown|map|bundle|flow|tsbuildinfo|[cm]?ts)$/i.test(name)) return false;
  if (/^(\.package-lock\.json|\.bin|changelog|readme)/i.test(name)) return false;
  return !/(^|\/)(\.bin|\.github|__tests__|tests?|examples?|docs?|benchmarks?|node-linux-[a-z0-9]+)\//.test(
    path,
  );
}
