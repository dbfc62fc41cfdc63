/** What the header of a variant says: read from the disk when it is there, else from a hub with a few requests. */
import {Damage, weightsDamaged} from '../damage.ts';
import type {VariantHeader} from '../header/describe.ts';
import {REMOTE_LENGTHS, remoteSource} from '../header/remote.ts';
import {parseGguf, readGgufHeader} from '../gguf/read.ts';
import {openAgent} from '../hubs/http.ts';
import type {Home} from '../hubs/hub.ts';
import {homesOf, openHubs} from '../hubs/open.ts';
import {HubTrouble} from '../hubs/trouble.ts';
import type {HubFile, HubSource, Model} from '../model.ts';
import {parseShard, readSafetensorsHeader} from '../safetensors/read.ts';
import {downloadFailed} from './errors.ts';
import {listFiles} from './listing.ts';
import type {Wiring} from './session.ts';

const isWeights = (path: string): boolean => /\.(?:gguf|safetensors)$/i.test(path);

/** Of files on this disk. Throws `weights_damaged`, `weights_missing`, `weights_unreadable`. */
export async function headerOnDisk(paths: readonly string[], from: string): Promise<VariantHeader> {
  const [first, ...more] = paths.filter(isWeights);
  if (first !== undefined && more.length === 0 && /\.gguf$/i.test(first)) {
    return {format: 'gguf', from, gguf: await readGgufHeader(first)};
  }
  const shards = [];
  for (const path of paths.filter(isWeights)) shards.push(await readSafetensorsHeader(path));
  return {format: 'safetensors', from, shards};
}

/**
 * From the first hub that gives it, in order of preference. Throws what a download throws, and `weights_damaged`
 * when what the hub has is no such file.
 */
export async function headerOnHub(
  {env, patience}: Wiring,
  model: Model,
  source: HubSource,
  signal: AbortSignal,
): Promise<VariantHeader> {
  const agent = await openAgent(env, patience);
  try {
    const homes = homesOf(openHubs(env, agent), source.places);
    const files = source.files ?? (await listed(homes, model, signal));
    const troubles: HubTrouble[] = [];
    for (const home of homes) {
      try {
        return await fromHome(agent, home, files, signal);
      } catch (error) {
        if (!(error instanceof HubTrouble)) throw error;
        troubles.push(error);
      }
    }
    throw downloadFailed(model, troubles);
  } finally {
    await agent.destroy();
  }
}

async function listed(homes: readonly Home[], model: Model, signal: AbortSignal): Promise<HubFile[]> {
  const answer = await listFiles(homes, signal);
  if ('troubles' in answer) throw downloadFailed(model, answer.troubles);
  return answer.files;
}

async function fromHome(
  agent: Awaited<ReturnType<typeof openAgent>>,
  {hub, place}: Home,
  files: readonly HubFile[],
  signal: AbortSignal,
): Promise<VariantHeader> {
  const from = `${hub.origin}/${place.repository}`;
  const shards = [];
  for (const {path} of files.filter((file) => isWeights(file.path))) {
    const remote = remoteSource(agent, hub.file(place, path), signal);
    try {
      if (/\.gguf$/i.test(path)) return {format: 'gguf', from, gguf: await parseGguf(remote, REMOTE_LENGTHS)};
      shards.push(await parseShard(remote, REMOTE_LENGTHS));
    } catch (error) {
      throw error instanceof Damage ? weightsDamaged(`${from}/${path}`, error.why) : error;
    }
  }
  return {format: 'safetensors', from, shards};
}
