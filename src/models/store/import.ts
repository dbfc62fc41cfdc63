/** Takes weights from a folder or a USB disk into the store: recognised by their hash, verified as they lie. */
import {constants} from 'node:fs';
import {mkdir, open, readdir, realpath, rename, rm, stat, symlink} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {BerthError, ExitCode, systemCode} from '../../base/errors.ts';
import {silent} from '../../base/progress.ts';
import {weightsDamaged, weightsMissing, weightsUnreadable} from '../damage.ts';
import {sha256OfFile} from '../hubs/hash.ts';
import type {HubFile, HubSource, Model, Variant, Weights} from '../model.ts';
import {checkRoom, namingTheDisk} from './disk.ts';
import {manifestOf, writeManifest} from './folder.ts';
import {takeFileLock} from './lock.ts';
import {sizeOf, type OneFiles} from './one-file.ts';
import type {EnsureOptions} from './session.ts';
import {downloadTelling, type DownloadTelling} from './telling.ts';
import {weightsPath} from './where.ts';

export interface ImportOptions extends EnsureOptions {
  /** The models to recognise. */
  models: readonly Model[];
  /** Leave the files where they are and point to them. */
  link: boolean;
}

export interface Imported {
  model: Model;
  variant: Variant;
  weights: Weights;
}

/** Where an import puts what it takes. */
export interface ImportingStore {
  folder: string;
  one: OneFiles;
  clock: Clock;
}

/** A folder is looked through so deep, and for so many files. */
const DEEPEST = 6;
const MOST_FILES = 20_000;

/**
 * Throws `weights_missing` when there is nothing, `weights_damaged` for a file that has the name and size of
 * known weights but other content, and `import_unrecognised` when nothing in it is known by its hash.
 */
export async function importWeights(
  store: ImportingStore,
  from: string,
  options: ImportOptions,
): Promise<Imported[]> {
  const telling = downloadTelling(options.progress ?? silent, store.clock);
  const found = await filesUnder(resolve(from));
  const hashes = new Hashes(telling, options.signal);
  const imported: Imported[] = [];
  for (const model of options.models) {
    for (const variant of model.variants) {
      const parts = variant.file.from === 'hub' ? await recognise(variant.file, found, hashes) : undefined;
      if (!parts) continue;
      const weights = await takeIn(store, {model, variant, parts, telling, options});
      imported.push({model, variant, weights});
    }
  }
  if (imported.length === 0) throw unrecognised(from, found);
  return imported;
}

interface Found {
  path: string;
  size: number;
}

async function filesUnder(path: string, depth = 0): Promise<Found[]> {
  try {
    const here = await stat(path);
    if (here.isFile()) return [{path, size: here.size}];
    if (!here.isDirectory() || depth > DEEPEST) return [];
    const names = (await readdir(path)).sort();
    const found: Found[] = [];
    for (const name of names) {
      found.push(...(await filesUnder(join(path, name), depth + 1)));
      if (found.length > MOST_FILES) break;
    }
    return found;
  } catch (error) {
    if (systemCode(error) === 'EACCES') throw weightsUnreadable(path, error);
    // Below the top, a dangling link is nobody's weights.
    if (systemCode(error) === 'ENOENT' && depth > 0) return [];
    throw systemCode(error) === 'ENOENT' ? weightsMissing(path) : error;
  }
}

/** SHA-256 of files, each read once. */
class Hashes {
  readonly #telling: DownloadTelling;
  readonly #signal: AbortSignal | undefined;
  readonly #known = new Map<string, string>();

  constructor(telling: DownloadTelling, signal: AbortSignal | undefined) {
    this.#telling = telling;
    this.#signal = signal;
  }

  async of({path, size}: Found): Promise<string> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const sha256 = await sha256OfFile(path, (done) => this.#telling.tell('verify', done, size), this.#signal);
    this.#known.set(path, sha256);
    return sha256;
  }
}

interface Part {
  file: HubFile;
  /** Where it lies now. */
  path: string;
  sha256: string;
}

/** The files of a variant among what was found; undefined when one is not there, or nothing says what it must be. */
async function recognise(
  {files}: HubSource,
  found: readonly Found[],
  hashes: Hashes,
): Promise<Part[] | undefined> {
  if (!files || files.length === 0) return undefined;
  // Sizes first: nobody should wait for a hash that cannot match.
  const candidates = files.map((file) => ({
    file,
    all: found.filter(({path, size}) => file.sha256 !== undefined && couldBe(file, path, size)),
  }));
  if (candidates.some(({all}) => all.length === 0)) return undefined;
  const parts: Part[] = [];
  for (const {file, all} of candidates) {
    const match = await firstRight(file, all, hashes);
    if (!match) {
      const impostor = all.find(({path}) => basename(path) === basename(file.path));
      if (impostor && files.length === 1)
        throw weightsDamaged(impostor.path, (t) => t.models.damageOtherContent());
      return undefined;
    }
    parts.push({file, ...match});
  }
  return parts;
}

const couldBe = (file: HubFile, path: string, size: number): boolean =>
  file.totalBytes === undefined ? basename(path) === basename(file.path) : file.totalBytes === size;

async function firstRight(
  file: HubFile,
  candidates: readonly Found[],
  hashes: Hashes,
): Promise<{path: string; sha256: string} | undefined> {
  for (const candidate of candidates) {
    const sha256 = await hashes.of(candidate);
    if (sha256 === file.sha256) return {path: candidate.path, sha256};
  }
  return undefined;
}

interface Taking {
  model: Model;
  variant: Variant;
  parts: readonly Part[];
  telling: DownloadTelling;
  options: ImportOptions;
}

async function takeIn({folder, one, clock}: ImportingStore, taking: Taking): Promise<Weights> {
  const {model, variant, parts, telling, options} = taking;
  const where = await weightsPath(folder, model, variant);
  const signal = options.signal ?? new AbortController().signal;
  return namingTheDisk(dirname(where.path), async () => {
    const into = where.kind === 'file' ? dirname(where.path) : where.path;
    await mkdir(into, {recursive: true});
    await using _lock = await takeFileLock(`${where.path}.lock`, clock, signal, () => undefined);
    const missing = parts.reduce((sum, {file}) => sum + (file.totalBytes ?? 0), 0);
    if (!options.link) await checkRoom(into, missing);
    const weights: Weights[] = [];
    for (const part of parts) {
      const at = where.kind === 'file' ? where.path : join(where.path, part.file.path);
      if (!(await sameFile(part.path, at))) {
        await (options.link ? linkTo(part.path, at) : copyTo(part, at, telling, signal));
      }
      weights.push(await one.remember(at, part.sha256));
    }
    const [only] = weights;
    if (where.kind === 'file' && only) return only;
    return await writeManifest(where.path, manifestOf(where.path, weights));
  });
}

/** It may be the store itself that is imported from. */
async function sameFile(a: string, b: string): Promise<boolean> {
  if ((await sizeOf(b)) === undefined) return false;
  return (await realpath(a)) === (await realpath(b));
}

async function linkTo(from: string, at: string): Promise<void> {
  const temporary = `${at}.${process.pid}.tmp`;
  await rm(temporary, {force: true});
  await symlink(await realpath(from), temporary);
  await rename(temporary, at);
}

/** Copies, hashes the copy as it lies on the disk, and only then gives it its name. */
async function copyTo(part: Part, at: string, telling: DownloadTelling, signal: AbortSignal): Promise<void> {
  const temporary = `${at}.${process.pid}.tmp`;
  try {
    await copyFile(part.path, temporary, telling, signal);
    if ((await sha256OfFile(temporary, undefined, signal)) !== part.sha256) {
      throw weightsDamaged(temporary, (t) => t.models.damageOtherContent());
    }
    await rename(temporary, at);
  } finally {
    await rm(temporary, {force: true});
  }
}

async function copyFile(
  from: string,
  to: string,
  telling: DownloadTelling,
  signal: AbortSignal,
): Promise<void> {
  await using source = await open(from, constants.O_RDONLY);
  await using target = await open(to, 'w', 0o644);
  const {size} = await source.stat();
  const piece = Buffer.allocUnsafe(2 ** 22);
  for (let done = 0; done < size;) {
    signal.throwIfAborted();
    const {bytesRead} = await source.read(piece, 0, piece.length, done);
    if (bytesRead === 0) break;
    await target.write(piece.subarray(0, bytesRead), 0, bytesRead, done);
    done += bytesRead;
    telling.tell('copy', done, size);
  }
  await target.sync();
}

function unrecognised(from: string, found: readonly Found[]): BerthError {
  const weights = found.filter(({path}) => /\.(?:gguf|safetensors)$/i.test(path)).map(({path}) => path);
  const [first] = weights;
  return new BerthError({
    code: 'import_unrecognised',
    what: (t) => t.models.importUnrecognised({path: from}),
    why: (t) => t.models.importKnownByHash(),
    try: [...(first === undefined ? [] : [`berth deploy --model ${resolve(first)}`]), 'berth models'],
    exit: ExitCode.usage,
    details: {path: from, weights: weights.slice(0, 20)},
  });
}
