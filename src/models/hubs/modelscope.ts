import type {Dispatcher} from 'undici';
import {z} from 'zod';
import type {Secret} from '../../base/secret.ts';
import type {HubPlace} from '../model.ts';
import {under} from './address.ts';
import {asSha256Id, makeClaim} from './claim.ts';
import {readJsonBody, send} from './http.ts';
import type {Hub, Listed} from './hub.ts';
import {HubTrouble} from './trouble.ts';

const FileList = z.object({
  Data: z.object({
    Files: z.array(
      z.object({
        Type: z.string().optional(),
        Path: z.string(),
        Size: z.number(),
        Sha256: z.string().optional(),
      }),
    ),
  }),
});

/** ModelScope: the list of a repository's files tells size and SHA-256 of each. */
export function modelScope(endpoint: string, token: Secret | undefined, agent: Dispatcher): Hub {
  const {origin} = new URL(endpoint);
  const api = ({repository}: HubPlace, rest: string, query: Record<string, string>) => {
    const url = under(endpoint, `api/v1/models/${repository}/${rest}`);
    url.search = new URLSearchParams(query).toString();
    return {url, token};
  };
  const files = async (place: HubPlace, signal: AbortSignal) => {
    const wish = api(place, 'repo/files', {Revision: place.revision, Recursive: 'true'});
    const answer = await send(agent, {...wish, method: 'GET'}, signal);
    const listed = FileList.safeParse(await readJsonBody(answer));
    if (!listed.success) throw new HubTrouble('broken', `${origin} does not speak ModelScope's API`);
    return listed.data.Data.Files.filter(({Type = 'blob'}) => Type !== 'tree');
  };
  return {
    origin,
    file: (place, path) => api(place, 'repo', {Revision: place.revision, FilePath: path}),
    claim: async (place, path, signal) => {
      const found = (await files(place, signal)).find(({Path}) => Path === path);
      if (!found) throw new HubTrouble('missing', `${origin} has no ${path}`);
      const claim = makeClaim(found.Size, asSha256Id(found.Sha256));
      if (!claim) throw new HubTrouble('broken', `${origin} does not say what the file is`);
      return claim;
    },
    list: async (place, signal) =>
      (await files(place, signal)).flatMap(({Path: path, Size, Sha256}): Listed[] => {
        const claim = makeClaim(Size, asSha256Id(Sha256));
        return claim ? [{path, claim}] : [];
      }),
  };
}
