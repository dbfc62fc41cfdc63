import {mkdir, rename} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {silent} from '../../base/progress.ts';
import {bytes, type Bytes, type Duration} from '../../base/units.ts';
import {weightsMissing} from '../damage.ts';
import type {VariantHeader} from '../header/describe.ts';
import {askAll} from '../hubs/ask.ts';
import {openAgent, USUAL_PATIENCE, type Patience} from '../hubs/http.ts';
import {homesOf, openHubs} from '../hubs/open.ts';
import {removePartial, USUAL_PIECE} from '../hubs/partial.ts';
import type {HubFile, HubPlace, HubSource, Model, Variant, Weights} from '../model.ts';
import {checkRoom, namingTheDisk} from './disk.ts';
import {downloadFailed} from './errors.ts';
import {
  asWhole,
  lookAtFolder,
  manifestOf,
  ownFiles,
  partialsIn,
  readManifest,
  removeFolder,
  writeManifest,
} from './folder.ts';
import {parseHeader} from '../gguf/parse.ts';
import {buildNano} from '../nano/nano.ts';
import {headerOnDisk, headerOnHub} from './headers.ts';
import {importFromHost, type HostImportOptions, type OtherStore} from './from-host.ts';
import {importWeights, type Imported, type ImportOptions} from './import.ts';
import {listFiles} from './listing.ts';
import {takeFileLock} from './lock.ts';
import {measureGguf, measureWeights, type WeightsMeasure} from './measure.ts';
import {Memos} from './memo.ts';
import {OneFiles, partialOf, sizeOf, type OneFile, type OnDisk} from './one-file.ts';
import {saveNano} from './save-nano.ts';
import {openSession, type EnsureOptions, type Session, type Wiring} from './session.ts';
import {downloadTelling} from './telling.ts';
import {weightsPath} from './where.ts';

export type {OnDisk} from './one-file.ts';

interface StoreOptions {
  /** Where weights are kept. */
  folder: string;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  patience?: Patience;
  /** Bytes of one request to a hub. */
  pieceBytes?: number;
}

/** Weights on this machine's disk. Nothing that is not verified is ever given out. */
export interface WeightsStore {
  /** The weights if they are on disk and were verified; hashes them again if a file was touched. Never fetches. */
  find(model: Model, variant: Variant): Promise<Weights | undefined>;
  /**
   * The weights, fetched or made if need be.
   * Throws `hub_unreachable`, `hub_forbidden`, `hub_file_missing`, `download_interrupted`, `download_corrupt`,
   * `disk_full`, `folder_not_writable`, `weights_missing`, `weights_damaged`.
   */
  ensure(model: Model, variant: Variant, options?: EnsureOptions): Promise<Weights>;
  /** The first place of which a hub says within the deadline that it has the file. */
  reachableHub(variant: Variant, deadline: Duration): Promise<HubPlace | undefined>;
  /** What is on disk, without hashing anything. */
  look(model: Model, variant: Variant): Promise<OnDisk>;
  /** Hashes the weights now. Undefined when they are not there; throws `weights_damaged`. */
  verify(model: Model, variant: Variant, options?: EnsureOptions): Promise<Weights | undefined>;
  /** What the header says: from the disk when the weights are there, else from a hub, without downloading them. */
  header(model: Model, variant: Variant, signal?: AbortSignal): Promise<VariantHeader>;
  /** What planning needs of weights on the disk: exact shapes and bytes from their headers. */
  measure(weights: Weights): Promise<WeightsMeasure>;
  /** The same before a GGUF is here, from its header on a hub; undefined for safetensors. */
  foresee(model: Model, variant: Variant, signal?: AbortSignal): Promise<WeightsMeasure | undefined>;
  /** Takes weights from a file or folder, recognised by their hash. See `importWeights` for its errors. */
  import(from: string, options: ImportOptions): Promise<Imported[]>;
  /** Takes weights from another host's store. See `importFromHost` for its errors. */
  importFrom(other: OtherStore, options: HostImportOptions): Promise<Imported[]>;
  /** Removes the weights and what belongs to them; the bytes that became free. Files of the user's own stay. */
  remove(model: Model, variant: Variant): Promise<Bytes>;
}

/** What a deploy does with weights, on whatever host they are kept. */
export type HostWeights = Pick<
  WeightsStore,
  'find' | 'ensure' | 'look' | 'verify' | 'remove' | 'reachableHub' | 'measure' | 'foresee'
>;

/** Opens the store; touches nothing before it is asked. */
export function openWeightsStore(options: StoreOptions): WeightsStore {
  const {folder, env, clock, patience = USUAL_PATIENCE, pieceBytes = USUAL_PIECE} = options;
  const wiring: Wiring = {env, clock, patience, pieceBytes};
  const one = new OneFiles(new Memos(folder));

  /** The one file of a variant, or those of its folder; undefined files: nothing says yet what belongs to it. */
  const contentOf = async (model: Model, variant: Variant): Promise<Content> => {
    const where = await weightsPath(folder, model, variant);
    const {file: source} = variant;
    if (where.kind === 'file') {
      const own = source.from === 'path';
      return {kind: 'file', file: {path: where.path, sha256: where.sha256, own}};
    }
    if (source.from === 'path')
      return {kind: 'folder', path: where.path, files: await ownFiles(where.path), own: true};
    const manifest = await readManifest(where.path);
    const files = manifest?.files.map(({path, sha256}): OneFile => ({
      path: join(where.path, path),
      sha256,
      own: false,
    }));
    return {kind: 'folder', path: where.path, files, own: false};
  };

  const find: WeightsStore['find'] = async (model, variant) => {
    const content = await contentOf(model, variant);
    if (content.kind === 'file') {
      const found = await one.find(content.file);
      // A file of the user's own that is missing is their business: say so, there is nothing to fetch.
      if (!found && content.file.own) throw weightsMissing(content.file.path);
      return found;
    }
    const {files, path} = content;
    if (!files) return undefined;
    const found = await inTurn(files, (file) => one.find(file));
    return found && asWhole(path, manifestOf(path, found));
  };

  const verify: WeightsStore['verify'] = async (model, variant, {progress = silent, signal} = {}) => {
    const telling = downloadTelling(progress, clock);
    const content = await contentOf(model, variant).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!content) return undefined;
    const looking = {
      signal,
      tell: (done: number, total: number) => telling.tell('verify', done, total),
    };
    if (content.kind === 'file') return one.verify(content.file, looking);
    const {files, path} = content;
    if (!files) return undefined;
    const found = await inTurn(files, (file) => one.verify(file, looking));
    return found && asWhole(path, manifestOf(path, found));
  };

  const ensureHub = async (
    model: Model,
    variant: Variant,
    source: HubSource,
    given: EnsureOptions,
  ): Promise<Weights> => {
    const where = await weightsPath(folder, model, variant);
    await mkdir(dirname(where.path), {recursive: true});
    const {progress = silent, signal = new AbortController().signal} = given;
    await using _lock = await takeFileLock(`${where.path}.lock`, clock, signal, (pid) =>
      progress({
        id: 'weights/download',
        parent: 'weights',
        status: 'running',
        say: (t) => t.models.waitingForDownload({pid}),
      }),
    );
    // Whoever had the lock before may have finished the work.
    const present = await find(model, variant);
    if (present) return present;
    await using session = await openSession(wiring, source, given);
    const [single] = source.files ?? [];
    if (where.kind === 'file' && single) return await fetchOne(model, single, where.path, session);
    return await fetchFolder(model, source, where.path, session);
  };

  const fetchOne = async (model: Model, file: HubFile, path: string, session: Session): Promise<Weights> => {
    const {sha256} = await session.fetch(model, file, path);
    return keep(path, sha256);
  };

  /** Gives a file that is whole and right its own name. */
  const keep = async (path: string, sha256: string): Promise<Weights> => {
    await rename(partialOf(path), path);
    await removePartial(partialOf(path));
    return one.remember(path, sha256);
  };

  const fetchFolder = async (
    model: Model,
    source: HubSource,
    path: string,
    session: Session,
  ): Promise<Weights> => {
    await mkdir(path, {recursive: true});
    const files = source.files ?? (await listOrThrow(model, session));
    const total = files.reduce((sum, file) => sum + (file.totalBytes ?? 0), 0);
    const have = (
      await partialsIn(
        path,
        files.map((file) => file.path),
      )
    ).reduce((a, b) => a + b, 0);
    await checkRoom(path, Math.max(0, total - have));
    const weights: Weights[] = [];
    let before = 0;
    for (const file of files) {
      const at = join(path, file.path);
      const here = before;
      const telling = session.telling.within(here, total);
      weights.push(
        (await one.find({path: at, sha256: file.sha256, own: false})) ??
          (await fetchOne(model, file, at, {...session, telling})),
      );
      before += file.totalBytes ?? 0;
    }
    return writeManifest(path, manifestOf(path, weights));
  };

  const listOrThrow = async (model: Model, {homes, signal}: Session): Promise<HubFile[]> => {
    const listed = await listFiles(homes, signal);
    if ('troubles' in listed) throw downloadFailed(model, listed.troubles);
    return listed.files;
  };

  const ensureUnnamed = async (model: Model, variant: Variant, given: EnsureOptions): Promise<Weights> => {
    const present = await find(model, variant);
    if (present) return present;
    const {file: source} = variant;
    const {path} = await weightsPath(folder, model, variant);
    switch (source.from) {
      case 'path':
        throw weightsMissing(path);
      case 'built-in': {
        await mkdir(dirname(path), {recursive: true});
        const {sha256} = await saveNano(path);
        return one.remember(path, sha256);
      }
      case 'hub':
        return ensureHub(model, variant, source, given);
    }
  };

  const ensure: WeightsStore['ensure'] = async (model, variant, given = {}) => {
    const {path} = await weightsPath(folder, model, variant);
    return namingTheDisk(dirname(path), () => ensureUnnamed(model, variant, given));
  };

  const reachableHub: WeightsStore['reachableHub'] = async ({file: source}, deadline) => {
    if (source.from !== 'hub') return undefined;
    const agent = await openAgent(env, patience);
    const signal = AbortSignal.timeout(deadline);
    const homes = homesOf(openHubs(env, agent), source.places);
    try {
      const [file] = source.files ?? [{path: 'config.json'}];
      if (!file) return undefined;
      return await Promise.any(
        askAll(homes, file, signal).map(async ({home, answer}) => {
          const {trouble} = await answer;
          if (trouble) throw trouble;
          return home.place;
        }),
      );
    } catch (error) {
      if (error instanceof AggregateError) return undefined;
      throw error;
    } finally {
      await agent.destroy();
    }
  };

  const look: WeightsStore['look'] = async (model, variant) => {
    const content = await contentOf(model, variant).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!content) return {state: 'absent'};
    if (content.kind === 'file') return one.look(content.file);
    return lookAtFolder(content.path, content.files, one);
  };

  const remove: WeightsStore['remove'] = async (model, variant) => {
    const where = await weightsPath(folder, model, variant);
    if (variant.file.from === 'path') return bytes(0);
    return where.kind === 'file' ? one.remove(where.path) : removeFolder(where.path, one);
  };

  const header: WeightsStore['header'] = async (model, variant, signal = new AbortController().signal) => {
    const content = await contentOf(model, variant);
    const path = content.kind === 'file' ? content.file.path : content.path;
    const files = content.kind === 'file' ? [content.file] : (content.files ?? []);
    const here = await inTurn(files, async (file) =>
      (await sizeOf(file.path)) === undefined ? undefined : file.path,
    );
    if (here && here.length > 0) return headerOnDisk(here, path);
    const {file: source} = variant;
    switch (source.from) {
      case 'hub':
        return headerOnHub(wiring, model, source, signal);
      case 'built-in':
        return headerOnDisk([(await ensure(model, variant)).path], path);
      case 'path':
        throw weightsMissing(path);
    }
  };

  const take: WeightsStore['import'] = (from, given) => importWeights({folder, one, clock}, from, given);

  const takeFrom: WeightsStore['importFrom'] = (other, given) =>
    importFromHost({folder, one, clock}, other, given);

  const foresee: WeightsStore['foresee'] = async (model, variant, signal) => {
    if (variant.file.from === 'built-in') {
      const nano = buildNano();
      return measureGguf(parseHeader(nano, nano.length));
    }
    const said = await header(model, variant, signal);
    return said.format === 'gguf' ? measureGguf(said.gguf) : undefined;
  };

  return {
    find,
    measure: measureWeights,
    foresee,
    ensure,
    reachableHub,
    look,
    verify,
    header,
    import: take,
    importFrom: takeFrom,
    remove,
  };
}

type Content =
  {kind: 'file'; file: OneFile} | {kind: 'folder'; path: string; files: OneFile[] | undefined; own: boolean};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'weights_missing';

/** What `take` gives of each, one after another; undefined as soon as one gives nothing. */
async function inTurn<T, R>(
  items: readonly T[],
  take: (item: T) => Promise<R | undefined>,
): Promise<R[] | undefined> {
  const taken: R[] = [];
  for (const item of items) {
    const each = await take(item);
    if (each === undefined) return undefined;
    taken.push(each);
  }
  return taken;
}
