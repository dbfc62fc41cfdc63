/** The front of a file on a hub, read with a few range requests. */
import type {Dispatcher} from 'undici';
import {send, single, type Answer, type Wish} from '../hubs/http.ts';
import {HubTrouble} from '../hubs/trouble.ts';
import type {HeadSource} from './source.ts';

/**
 * What is read of a remote file at most: 30 MiB in three ranges, so that with the hub's redirect it is never more than
 * four requests. Qwen3's header, with 151,936 tokens, takes the second.
 */
export const REMOTE_LENGTHS: readonly number[] = [2 ** 20, 8 * 2 ** 20, 30 * 2 ** 20];

/** Each byte is asked for once; the address that the hub redirects to is kept. Throws HubTrouble. */
export function remoteSource(
  agent: Dispatcher,
  file: Pick<Wish, 'url' | 'token'>,
  signal: AbortSignal,
): HeadSource {
  let {url, token} = file;
  let have = Buffer.alloc(0);
  let fileBytes = 0;
  let etag: string | undefined;
  return {
    get fileBytes() {
      return fileBytes;
    },
    head: async (count) => {
      const whole = etag !== undefined && have.length === fileBytes;
      if (have.length >= count || whole) return have.subarray(0, count);
      const range = `bytes=${have.length}-${count - 1}`;
      const answer = await send(agent, {url, token, method: 'GET', headers: {range}}, signal);
      if (answer.url.origin !== url.origin) token = undefined;
      ({url} = answer);
      const {total, first} = placeOf(answer, have.length);
      const tag = single(answer, 'etag') ?? '';
      if (etag !== undefined && (tag !== etag || total !== fileBytes)) {
        answer.body.destroy();
        throw new HubTrouble('corrupt', `${url.origin} changed the file while its header was read`);
      }
      etag = tag;
      fileBytes = total;
      have = Buffer.concat([
        have,
        await take(answer, have.length - first, Math.min(count, total) - have.length),
      ]);
      return have;
    },
  };
}

/** The size of the file, and which of its bytes the answer begins with. */
function placeOf(answer: Answer, wanted: number): {total: number; first: number} {
  const {origin} = answer.url;
  if (/^text\/html\b/i.test(single(answer, 'content-type') ?? '')) {
    throw new HubTrouble('broken', `${origin} answered with a web page instead of the file`);
  }
  if (answer.statusCode !== 206) {
    const total = Number(single(answer, 'content-length') ?? Number.NaN);
    if (!Number.isSafeInteger(total))
      throw new HubTrouble('broken', `${origin} does not say how long the file is`);
    return {total, first: 0};
  }
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(single(answer, 'content-range') ?? '') ?? [];
  if (Number(first) !== wanted || !Number.isSafeInteger(Number(total))) {
    throw new HubTrouble('corrupt', `${origin} sent another range than asked for`);
  }
  return {total: Number(total), first: wanted};
}

/** `count` bytes of the answer after the first `skip`; what comes beyond is not waited for. */
async function take(answer: Answer, skip: number, count: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= skip + count) break;
    }
  } catch (error) {
    throw new HubTrouble('dropped', `${answer.url.origin} broke off`, {cause: error});
  }
  if (length < skip + count) {
    throw new HubTrouble(
      'dropped',
      `${answer.url.origin} ended ${skip + count - length} bytes before it should`,
    );
  }
  return Buffer.concat(pieces).subarray(skip, skip + count);
}
