import {mkdir, rename, rm, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {BerthError, systemCode} from '../../base/errors.ts';
import {silent, type Progress} from '../../base/progress.ts';
import {bytes, type Bytes, type Duration} from '../../base/units.ts';
import {weightsDamaged, weightsMissing, weightsUnreadable, readGgufHeader} from '../gguf/read.ts';
import {fetchFile} from '../hubs/fetch.ts';
import {openAgent, USUAL_PATIENCE, type Patience} from '../hubs/http.ts';
import {openHubs} from '../hubs/hub.ts';
import {isDiskFull, removePartial} from '../hubs/transfer.ts';
import type {HubPlace, Model, Variant, Weights} from '../model.ts';
import {NANO_SHA256} from '../nano/nano.ts';
import {checkRoom, freeBytes, namingTheDisk} from './disk.ts';
import {diskFull, downloadFailed} from './errors.ts';
import {sha256OfFile} from './hash.ts';
import {takeFileLock} from './lock.ts';
import {Memos} from './memo.ts';
import {saveNano} from './save-nano.ts';
import {downloadTelling} from './telling.ts';

interface StoreOptions {
  /** Where weights are kept. */
  folder: string;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  patience?: Patience;
}

interface EnsureOptions {
  progress?: Progress;
  signal?: AbortSignal;
}

/** What is on disk of a variant. `unverified`: never hashed, or touched since. */
export type OnDisk =
  | {state: 'absent'}
  | {state: 'partial'; haveBytes: Bytes}
  | {state: 'unverified'; path: string; totalBytes: Bytes}
  | ({state: 'verified'} & Weights);

/** Weights on this machine's disk. Nothing that is not verified is ever given out. */
export interface WeightsStore {
  /** The weights if they are on disk and were verified; hashes them again if the file was touched. Never fetches. */
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
  /** Hashes the file now. Undefined when it is not there; throws `weights_damaged`. */
  verify(model: Model, variant: Variant, options?: EnsureOptions): Promise<Weights | undefined>;
  /** Removes the file and what belongs to it; the bytes that became free. Files of the user's own stay. */
  remove(model: Model, variant: Variant): Promise<Bytes>;
}

/** Opens the store; touches nothing before it is asked. */
export function openWeightsStore({
  folder,
  env,
  clock,
  patience = USUAL_PATIENCE,
}: StoreOptions): WeightsStore {
  const memos = new Memos(folder);
  const pathOf = (model: Model, {file}: Variant): string => {
    switch (file.from) {
      case 'path':
        return file.path;
      case 'built-in':
        return join(folder, model.id, `${model.id}-${NANO_SHA256.slice(0, 8)}.gguf`);
      case 'hub':
        return join(folder, model.id, file.fileName);
    }
  };

  /** What the content must be; for a file of the user's own there is no such thing. */
  const expected = async ({file}: Variant, path: string): Promise<string | undefined> => {
    switch (file.from) {
      case 'path':
        return undefined;
      case 'built-in':
        return NANO_SHA256;
      case 'hub':
        return file.sha256 ?? (await memos.last(path))?.sha256;
    }
  };

  const hash = async (path: string, {progress, signal}: EnsureOptions): Promise<string> => {
    const {size} = await stat(path);
    const telling = downloadTelling(progress ?? silent, clock);
    try {
      return await sha256OfFile(path, (done) => telling.tell('verify', done, size), signal);
    } catch (error) {
      throw systemCode(error) === 'EACCES' ? weightsUnreadable(path, error) : error;
    }
  };

  const verify: WeightsStore['verify'] = async (model, variant, options = {}) => {
    const path = pathOf(model, variant);
    if (!(await exists(path))) return undefined;
    const wanted = await expected(variant, path);
    const sha256 = await hash(path, options);
    if (wanted !== undefined && wanted !== sha256)
      throw weightsDamaged(path, (t) => t.models.damageOtherContent());
    await readGgufHeader(path);
    // A file that appeared beside the store's own doing is only believed when something says what it must be.
    if (variant.file.from === 'hub' && wanted === undefined) return undefined;
    return asWeights(path, await memos.remember(path, sha256));
  };

  const find: WeightsStore['find'] = async (model, variant) => {
    const path = pathOf(model, variant);
    const memo = await memos.valid(path);
    if (memo) return asWeights(path, memo);
    if (variant.file.from === 'path') return verifyOwn(model, variant, verify);
    try {
      return await verify(model, variant);
    } catch (error) {
      // Damaged is not "have": `ensure` fetches it anew, `verify` says what is wrong.
      if (error instanceof BerthError && error.code === 'weights_damaged') return undefined;
      throw error;
    }
  };

  const download = async (
    model: Model,
    {file}: Variant & {file: {from: 'hub'}},
    path: string,
    {progress = silent, signal = new AbortController().signal}: EnsureOptions,
  ): Promise<Weights> => {
    const agent = await openAgent(env, patience);
    const telling = downloadTelling(progress, clock);
    const partial = `${path}.partial`;
    const hubs = openHubs(env, agent);
    try {
      const outcome = await fetchFile({
        agent,
        hubs,
        clock,
        patience,
        places: file.places,
        sha256: file.sha256,
        partial,
        signal,
        tell: (phase, have, total) => telling.tell(phase, have, total),
        warn: (trouble) => telling.warn(trouble),
        checkRoom: (missing) => checkRoom(dirname(path), missing),
      });
      if (outcome.state === 'failed') throw downloadFailed(model, outcome.troubles);
      await rename(partial, path);
      await removePartial(partial);
      return asWeights(path, await memos.remember(path, outcome.claim.sha256));
    } catch (error) {
      throw isDiskFull(error)
        ? diskFull(dirname(path), file.totalBytes, await freeBytes(dirname(path)))
        : error;
    } finally {
      await agent.destroy();
    }
  };

  const make = async (path: string): Promise<Weights> => {
    const {sha256} = await saveNano(path);
    return asWeights(path, await memos.remember(path, sha256));
  };

  const ensureUnnamed: WeightsStore['ensure'] = async (model, variant, options = {}) => {
    const present = await find(model, variant);
    if (present) return present;
    const {file} = variant;
    const path = pathOf(model, variant);
    if (file.from === 'path') throw weightsMissing(path);
    await mkdir(dirname(path), {recursive: true});
    if (file.from === 'built-in') return make(path);
    const {progress = silent, signal = new AbortController().signal} = options;
    await using _lock = await takeFileLock(`${path}.lock`, clock, signal, (pid) =>
      progress({
        id: 'weights/download',
        parent: 'weights',
        status: 'running',
        say: (t) => t.models.waitingForDownload({pid}),
      }),
    );
    // Whoever had the lock before may have finished the work.
    return (await find(model, variant)) ?? (await download(model, {...variant, file}, path, options));
  };

  const ensure: WeightsStore['ensure'] = (model, variant, options) =>
    namingTheDisk(dirname(pathOf(model, variant)), () => ensureUnnamed(model, variant, options));

  const reachableHub: WeightsStore['reachableHub'] = async ({file}, deadline) => {
    if (file.from !== 'hub') return undefined;
    const agent = await openAgent(env, patience);
    const hubs = openHubs(env, agent);
    const signal = AbortSignal.timeout(deadline);
    try {
      return await Promise.any(
        file.places.map(async (place) => {
          await hubs[place.hub].claim(place, signal);
          return place;
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
    const path = pathOf(model, variant);
    const memo = await memos.valid(path);
    if (memo) return {state: 'verified', ...asWeights(path, memo)};
    const whole = await sizeOf(path);
    if (whole !== undefined) return {state: 'unverified', path, totalBytes: whole};
    const part = variant.file.from === 'hub' ? await sizeOf(`${path}.partial`) : undefined;
    return part === undefined ? {state: 'absent'} : {state: 'partial', haveBytes: part};
  };

  const remove: WeightsStore['remove'] = async (model, variant) => {
    const path = pathOf(model, variant);
    await memos.forget(path);
    if (variant.file.from === 'path') return bytes(0);
    const freed = ((await sizeOf(path)) ?? 0) + ((await sizeOf(`${path}.partial`)) ?? 0);
    await rm(path, {force: true});
    await removePartial(`${path}.partial`);
    return bytes(freed);
  };

  return {find, ensure, reachableHub, look, verify, remove};
}

const asWeights = (path: string, memo: {totalBytes: number; sha256: string}): Weights => ({
  path,
  totalBytes: bytes(memo.totalBytes),
  sha256: memo.sha256,
});

/** A file of the user's own that is missing or damaged is their business: say so, there is nothing to fetch. */
async function verifyOwn(model: Model, variant: Variant, verify: WeightsStore['verify']): Promise<Weights> {
  const found = await verify(model, variant);
  if (found) return found;
  throw weightsMissing(variant.file.from === 'path' ? variant.file.path : model.id);
}

async function sizeOf(path: string): Promise<Bytes | undefined> {
  try {
    return bytes((await stat(path)).size);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

const exists = async (path: string): Promise<boolean> => (await sizeOf(path)) !== undefined;
