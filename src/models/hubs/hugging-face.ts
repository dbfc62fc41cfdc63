import type {Dispatcher} from 'undici';
import {z} from 'zod';
import type {Secret} from '../../base/secret.ts';
import type {HubPlace} from '../model.ts';
import {under} from './address.ts';
import {asGitId, asSha256Id, makeClaim, type Claim} from './claim.ts';
import {readJsonBody, readSmall, send, single, type Wish} from './http.ts';
import type {Hub, Listed} from './hub.ts';
import {HubTrouble} from './trouble.ts';

const Tree = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number(),
    oid: z.string().optional(),
    lfs: z.object({oid: z.string(), size: z.number()}).optional(),
  }),
);

/** Longest list that is followed: 1000 files a page. */
const MOST_PAGES = 20;

/**
 * Hugging Face and its mirrors. `HEAD …/resolve/<revision>/<path>` tells size and SHA-256 (the LFS ETag) and
 * redirects to a CDN; a small file, kept in git itself, has git's hash for its ETag.
 */
export function huggingFace(endpoint: string, token: Secret | undefined, agent: Dispatcher): Hub {
  const {origin} = new URL(endpoint);
  const at = ({repository}: HubPlace, rest: string) => ({
    url: under(endpoint, `${repository}/${rest}`),
    token,
  });
  const file = (place: HubPlace, path: string) => at(place, `resolve/${place.revision}/${path}`);

  /** The LFS pointer itself, for a mirror that keeps the headers to itself. */
  const pointer = async (place: HubPlace, path: string, signal: AbortSignal): Promise<Claim | undefined> => {
    const wish: Wish = {...at(place, `raw/${place.revision}/${path}`), method: 'GET'};
    const text = await readSmall(await send(agent, wish, signal), 4096);
    const [, hex] = /^oid sha256:([0-9a-f]{64})$/m.exec(text ?? '') ?? [];
    const [, size] = /^size (\d+)$/m.exec(text ?? '') ?? [];
    return makeClaim(Number(size ?? Number.NaN), asSha256Id(hex));
  };

  return {
    origin,
    file,
    claim: async (place, path, signal) => {
      const wish: Wish = {
        ...file(place, path),
        method: 'HEAD',
        enough: (answer) => linked(answer) !== undefined,
      };
      const answer = await send(agent, wish, signal);
      await answer.body.dump();
      const claim = linked(answer) ?? inGit(answer) ?? (await pointer(place, path, signal));
      if (!claim) throw new HubTrouble('broken', `${origin} does not say what the file is`);
      return claim;
    },
    list: async (place, signal) => {
      const listed: Listed[] = [];
      let url: URL | undefined = under(endpoint, `api/models/${place.repository}/tree/${place.revision}`);
      url.search = 'recursive=true';
      for (let page = 0; url && page < MOST_PAGES; page++) {
        const answer = await send(agent, {url, token, method: 'GET'}, signal);
        const tree = Tree.safeParse(await readJsonBody(answer));
        if (!tree.success) throw new HubTrouble('broken', `${origin} does not list the repository`);
        listed.push(...tree.data.flatMap(listedOf));
        url = nextPage(single(answer, 'link'), url);
      }
      return listed;
    },
  };
}

function listedOf({type, path, size, oid, lfs}: z.infer<typeof Tree>[number]): Listed[] {
  if (type !== 'file') return [];
  const id = lfs ? asSha256Id(lfs.oid.replace(/^sha256:/, '')) : asGitId(oid);
  const claim = makeClaim(lfs?.size ?? size, id);
  return claim ? [{path, claim}] : [];
}

/** The next page of the list, if it is on the same server. */
function nextPage(link: string | undefined, from: URL): URL | undefined {
  const [, next] = /<([^>]+)>;\s*rel="next"/.exec(link ?? '') ?? [];
  const url = next === undefined ? null : URL.parse(next, from.href);
  return url?.origin === from.origin ? url : undefined;
}

const etagOf = (answer: Dispatcher.ResponseData, name: string): string | undefined =>
  single(answer, name)?.replace(/^W\//, '').replaceAll('"', '');

const linked = (answer: Dispatcher.ResponseData): Claim | undefined =>
  makeClaim(
    Number(single(answer, 'x-linked-size') ?? Number.NaN),
    asSha256Id(etagOf(answer, 'x-linked-etag')),
  );

function inGit(answer: Dispatcher.ResponseData): Claim | undefined {
  if (answer.statusCode >= 300) return undefined;
  return makeClaim(Number(single(answer, 'content-length') ?? Number.NaN), asGitId(etagOf(answer, 'etag')));
}
