/** Takes weights from the store of another Berth host: found by its records, fetched in parts, verified here. */
import type {Readable} from 'node:stream';
import {mkdir, rename} from 'node:fs/promises';
import {dirname, join, posix} from 'node:path';
import type {z} from 'zod';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {silent} from '../../base/progress.ts';
import {bytes, formatBytes, type Bytes} from '../../base/units.ts';
import {asSha256Id} from '../hubs/claim.ts';
import {sha256OfFile} from '../hubs/hash.ts';
import {PartialFile, removePartial, USUAL_PIECE} from '../hubs/partial.ts';
import type {Model, Variant, Weights} from '../model.ts';
import {checkRoom, namingTheDisk} from './disk.ts';
import {asWhole, Manifest, manifestFile, manifestOf, partialsIn, writeManifest} from './folder.ts';
import type {Imported, ImportingStore} from './import.ts';
import {takeFileLock} from './lock.ts';
import {Memo, memoFile} from './memo.ts';
import {partialOf} from './one-file.ts';
import type {EnsureOptions} from './session.ts';
import {downloadTelling, type DownloadTelling} from './telling.ts';
import {weightsPath, type Where} from './where.ts';

/** The store of another host, as far as an import looks at it. Nothing there is changed. */
export interface OtherStore {
  /** Name of the host. */
  host: string;
  /** Its weights folder; absolute. */
  folder: string;
  /** A small file; undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  /** A large one. `read` gives the bytes from `start` to `end` (exclusive). */
  open(
    path: string,
  ): Promise<{totalBytes: Bytes; read(start: number, end: number): Promise<Readable>} | undefined>;
}

export interface HostImportOptions extends EnsureOptions {
  /** What to take, where it is there. */
  wanted: readonly {model: Model; variant: Variant}[];
}

interface PartThere {
  /** Within the folder of a variant; empty for its one file. */
  path: string;
  from: string;
  totalBytes: number;
  sha256: string;
}

/**
 * Copies what the other host has. What was begun, here or from a hub, is gone on with.
 * Throws `import_nothing_there`, `import_interrupted` (what came is kept), `import_damaged` and `disk_full`.
 */
export async function importFromHost(
  store: ImportingStore,
  other: OtherStore,
  {wanted, progress = silent, signal = new AbortController().signal}: HostImportOptions,
): Promise<Imported[]> {
  const telling = downloadTelling(progress, store.clock);
  const imported: Imported[] = [];
  for (const {model, variant} of wanted) {
    const parts = await partsThere(other, model, variant);
    if (!parts) continue;
    const where = await weightsPath(store.folder, model, variant);
    const weights = await namingTheDisk(dirname(where.path), async () => {
      await mkdir(where.kind === 'file' ? dirname(where.path) : where.path, {recursive: true});
      await using _lock = await takeFileLock(`${where.path}.lock`, store.clock, signal, () => undefined);
      return await takeParts({store, other, telling, signal}, model, where, parts);
    });
    imported.push({model, variant, weights});
  }
  if (imported.length === 0) throw nothingThere(other, wanted);
  return imported;
}

/** The files of a variant there, and what each must be; undefined when nothing whole is there, or nothing says what. */
async function partsThere(
  other: OtherStore,
  model: Model,
  variant: Variant,
): Promise<PartThere[] | undefined> {
  if (variant.file.from !== 'hub') return undefined;
  const {kind, path, sha256} = await weightsPath(other.folder, model, variant);
  if (kind === 'folder') {
    const manifest = parsed(await other.read(manifestFile(path)), Manifest);
    // Its paths become paths here.
    if (
      !manifest ||
      manifest.files.length === 0 ||
      !manifest.files.every(({path: each}) => staysInside(each))
    )
      return undefined;
    return manifest.files.map((file) => ({...file, from: posix.join(path, file.path)}));
  }
  const file = await other.open(path);
  const known = sha256 ?? parsed(await other.read(memoFile(other.folder, path)), Memo)?.sha256;
  if (!file || known === undefined) return undefined;
  return [{path: '', from: path, totalBytes: file.totalBytes, sha256: known}];
}

const staysInside = (path: string): boolean =>
  path !== '' && !posix.isAbsolute(path) && !/(^|[/\\])\.\.([/\\]|$)/.test(path);

/** A record that is damaged is as good as none: nothing is taken that nothing vouches for. */
function parsed<T>(text: string | undefined, schema: z.ZodType<T>): T | undefined {
  try {
    return text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data;
  } catch {
    // No JSON at all.
    return undefined;
  }
}

interface Taking {
  store: ImportingStore;
  other: OtherStore;
  telling: DownloadTelling;
  signal: AbortSignal;
}

async function takeParts(
  taking: Taking,
  model: Model,
  where: Where,
  parts: readonly PartThere[],
): Promise<Weights> {
  const {one} = taking.store;
  const into = where.kind === 'file' ? dirname(where.path) : where.path;
  const at = ({path}: PartThere): string => (path === '' ? where.path : join(where.path, path));
  const total = parts.reduce((sum, {totalBytes}) => sum + totalBytes, 0);
  const weights: Weights[] = [];
  let before = 0;
  for (const part of parts) {
    const file = at(part);
    const found = await one.find({path: file, sha256: part.sha256, own: false});
    if (!found) {
      const [have = 0] = await partialsIn(dirname(file), [file.slice(dirname(file).length + 1)]);
      await checkRoom(into, Math.max(0, total - before - have));
      await mkdir(dirname(file), {recursive: true});
      await fetchPart(taking, model, part, file, {before, total});
    }
    weights.push(found ?? (await one.remember(file, part.sha256)));
    before += part.totalBytes;
  }
  const [only] = weights;
  if (where.kind === 'file' && only) return only;
  const manifest = manifestOf(where.path, weights);
  await writeManifest(where.path, manifest);
  return asWhole(where.path, manifest);
}

/** One file into its partial file, hashed as it lies on this disk, and only then under its own name. */
async function fetchPart(
  {other, telling, signal}: Taking,
  model: Model,
  part: PartThere,
  file: string,
  {before, total}: {before: number; total: number},
): Promise<void> {
  const partial = partialOf(file);
  const id = asSha256Id(part.sha256);
  const there = await other.open(part.from);
  if (id === undefined || there?.totalBytes !== part.totalBytes) throw damaged(other, model, part.from);
  {
    await using going = await PartialFile.open(partial, {id, totalBytes: part.totalBytes}, USUAL_PIECE);
    const tell = (): void => telling.tell('download', before + going.haveBytes, total, `ssh://${other.host}`);
    tell();
    for (let gap = going.take(); gap; gap = going.take()) {
      let due = gap.end - gap.start;
      try {
        for await (const piece of await there.read(gap.start, gap.end)) {
          signal.throwIfAborted();
          const content = piece as Uint8Array;
          going.append(gap, content);
          going.record(gap);
          due -= content.length;
          tell();
        }
        if (due > 0) throw new Error(`${part.from} ended ${due} bytes before it should`);
      } catch (error) {
        signal.throwIfAborted();
        throw interrupted(other, model, going, error);
      }
    }
    await going.sync();
  }
  const sha256 = await sha256OfFile(partial, (done) => telling.tell('verify', done, part.totalBytes), signal);
  if (sha256 !== part.sha256.toLowerCase()) {
    await removePartial(partial);
    throw damaged(other, model, part.from);
  }
  await rename(partial, file);
  await removePartial(partial);
}

const interrupted = (
  {host}: OtherStore,
  {id, title}: Model,
  {haveBytes, totalBytes}: PartialFile,
  cause: unknown,
): BerthError =>
  new BerthError({
    code: 'import_interrupted',
    what: (t) =>
      t.models.importInterrupted({
        ...{title, host},
        ...{have: formatBytes(haveBytes), total: formatBytes(totalBytes)},
      }),
    ...(cause instanceof BerthError && {why: cause.what}),
    try: [`berth models import --from ${host} ${id}`, `berth host check ${host}`],
    exit: ExitCode.unreachable,
    details: {host, model: id, haveBytes: bytes(haveBytes), totalBytes: bytes(totalBytes)},
    cause,
  });

const damaged = ({host}: OtherStore, {id}: Model, path: string): BerthError =>
  new BerthError({
    code: 'import_damaged',
    what: (t) => t.models.importDamaged({path, host}),
    why: (t) => t.models.damageOtherContent(),
    try: [`berth models pull ${id}`],
    details: {host, model: id, path},
  });

function nothingThere({host, folder}: OtherStore, wanted: HostImportOptions['wanted']): BerthError {
  const ids = [...new Set(wanted.map(({model}) => model.id))];
  const [only, ...more] = ids;
  const model = more.length === 0 ? only : undefined;
  return new BerthError({
    code: 'import_nothing_there',
    what: (t) => t.models.importNothingThere({host, folder, model}),
    why: (t) => t.models.importVouched(),
    try: [model === undefined ? 'berth models' : `berth models pull ${model}`, `berth host check ${host}`],
    exit: ExitCode.usage,
    details: {host, folder, models: ids},
  });
}
