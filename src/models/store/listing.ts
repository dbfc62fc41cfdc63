/** Which files of a repository are needed, as its hubs list them. */
import {HubTrouble} from '../hubs/trouble.ts';
import type {Home, Listed} from '../hubs/hub.ts';
import {bytes} from '../../base/units.ts';
import type {HubFile} from '../model.ts';

/** Tells tensors from what else makes a model: configuration, tokenizer, licence. Nothing that runs is taken. */
const NEEDED = /^(?:[\w.-]+\.(?:safetensors|json|txt|model|tiktoken|jinja)|LICEN[CS]E(?:\.\w+)?)$/i;
/** Another copy of the same weights, as some publishers add it. */
const ANOTHER_COPY = /^(?:consolidated|pytorch_model|original)[\w.-]*/i;

/** Files in the repository's own folder only: copies for other programs lie in folders below. Safe as names on disk. */
export const isNeeded = (path: string): boolean =>
  NEEDED.test(path) && !ANOTHER_COPY.test(path) && !path.startsWith('.');

/** What an engine needs of a list; undefined when no weights are in it. */
export function neededOf(listed: readonly Listed[]): HubFile[] | undefined {
  const needed = listed
    .filter(({path}) => isNeeded(path))
    .map(({path, claim}): HubFile => {
      const sha256 = /^sha256:(.*)$/.exec(claim.id)?.[1];
      return {path, totalBytes: bytes(claim.totalBytes), ...(sha256 !== undefined && {sha256})};
    })
    .sort((a, b) => a.path.localeCompare(b.path));
  return needed.some(({path}) => path.endsWith('.safetensors')) ? needed : undefined;
}

/** The list of the first hub, in order of preference, that gives one; else why none did. */
export async function listFiles(
  homes: readonly Home[],
  signal: AbortSignal,
): Promise<{files: HubFile[]} | {troubles: HubTrouble[]}> {
  const asked = homes.map(async ({hub, place}): Promise<HubFile[] | HubTrouble> => {
    try {
      const files = neededOf(await hub.list(place, signal));
      return files ?? new HubTrouble('missing', `${hub.origin} has no safetensors in ${place.repository}`);
    } catch (error) {
      if (error instanceof HubTrouble) return error;
      throw error;
    }
  });
  const troubles: HubTrouble[] = [];
  for (const each of asked) {
    const answer = await each;
    if (!(answer instanceof HubTrouble)) return {files: answer};
    troubles.push(answer);
  }
  return {troubles};
}
