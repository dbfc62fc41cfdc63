import type {Dispatcher} from 'undici';
import {z} from 'zod';
import {Secret} from '../../base/secret.ts';
import type {HubPlace} from '../model.ts';
import {send, single, type Wish} from './http.ts';
import {HubTrouble} from './trouble.ts';

/** What a hub says of a file before it sends it. */
export interface Claim {
  totalBytes: number;
  /** Hex, lower case. */
  sha256: string;
}

interface Hub {
  /** Asks what the file is. Throws HubTrouble. */
  claim(place: HubPlace, signal: AbortSignal): Promise<Claim>;
  /** What to ask for to get the file's bytes. */
  file(place: HubPlace): Pick<Wish, 'url' | 'token'>;
}

export type Hubs = Record<HubPlace['hub'], Hub>;

/** The hubs, at their own addresses or at the mirrors that `HF_ENDPOINT` and `MODELSCOPE_ENDPOINT` name. */
export function openHubs(env: NodeJS.ProcessEnv, agent: Dispatcher): Hubs {
  return {
    huggingface: huggingFace(env.HF_ENDPOINT ?? 'https://huggingface.co', token(env.HF_TOKEN), agent),
    modelscope: modelScope(
      env.MODELSCOPE_ENDPOINT ?? 'https://modelscope.cn',
      token(env.MODELSCOPE_API_TOKEN),
      agent,
    ),
  };
}

const token = (text: string | undefined): Secret | undefined => (text ? new Secret(text) : undefined);

const under = (endpoint: string, path: string): URL => new URL(`${endpoint.replace(/\/+$/, '')}/${path}`);

const SHA256 = /^[0-9a-f]{64}$/;

/** `HEAD …/resolve/<revision>/<path>` tells size and SHA-256 (the LFS ETag), and redirects to a CDN. */
function huggingFace(endpoint: string, secret: Secret | undefined, agent: Dispatcher): Hub {
  const file = ({repository, revision, path}: HubPlace) => ({
    url: under(endpoint, `${repository}/resolve/${revision}/${path}`),
    token: secret,
  });
  const claimOf = (answer: Dispatcher.ResponseData): Claim | undefined => {
    const sha256 = (single(answer, 'x-linked-etag') ?? '')
      .replace(/^W\//, '')
      .replaceAll('"', '')
      .toLowerCase();
    const totalBytes = Number(single(answer, 'x-linked-size'));
    return SHA256.test(sha256) && Number.isSafeInteger(totalBytes) && totalBytes > 0
      ? {sha256, totalBytes}
      : undefined;
  };
  return {
    file,
    claim: async (place, signal) => {
      const wish: Wish = {...file(place), method: 'HEAD', enough: (answer) => claimOf(answer) !== undefined};
      const answer = await send(agent, wish, signal);
      await answer.body.dump();
      const claim = claimOf(answer);
      if (!claim) throw new HubTrouble('broken', `${wish.url.origin} does not say what the file is`);
      return claim;
    },
  };
}

const FileList = z.object({
  Data: z.object({
    Files: z.array(z.object({Path: z.string(), Size: z.number(), Sha256: z.string().optional()})),
  }),
});

/** The list of a repository's files tells size and SHA-256. */
function modelScope(endpoint: string, secret: Secret | undefined, agent: Dispatcher): Hub {
  const api = (place: HubPlace, rest: string, query: Record<string, string>) => {
    const url = under(endpoint, `api/v1/models/${place.repository}/${rest}`);
    url.search = new URLSearchParams(query).toString();
    return {url, token: secret};
  };
  return {
    file: (place) => api(place, 'repo', {Revision: place.revision, FilePath: place.path}),
    claim: async (place, signal) => {
      const wish = api(place, 'repo/files', {Revision: place.revision, Recursive: 'true'});
      const answer = await send(agent, {...wish, method: 'GET'}, signal);
      const listed = FileList.safeParse(await answer.body.json().catch(() => undefined));
      const found = listed.data?.Data.Files.find(({Path}) => Path === place.path);
      if (!listed.success)
        throw new HubTrouble('broken', `${wish.url.origin} does not speak ModelScope's API`);
      if (!found) throw new HubTrouble('missing', `${wish.url.origin} has no ${place.path}`);
      const sha256 = (found.Sha256 ?? '').toLowerCase();
      if (!SHA256.test(sha256))
        throw new HubTrouble('broken', `${wish.url.origin} does not say what the file is`);
      return {sha256, totalBytes: found.Size};
    },
  };
}
