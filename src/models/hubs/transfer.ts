/** One attempt to get the rest of a file from one hub. */
import {open, rm, stat, type FileHandle} from 'node:fs/promises';
import type {Dispatcher} from 'undici';
import {z} from 'zod';
import {describeError, systemCode} from '../../base/errors.ts';
import {readJson, writeJson} from '../../base/files.ts';
import {send, single, type Wish} from './http.ts';
import type {Claim} from './hub.ts';
import {HubTrouble} from './trouble.ts';

/** Kept beside a partial file, so that another process can go on with it, from any hub that has the same content. */
const Journal = z.object({
  sha256: z.string(),
  totalBytes: z.number(),
  /** Strong ETag and the origin that gave it. */
  etag: z.string().optional(),
  origin: z.string().optional(),
});
type Journal = z.infer<typeof Journal>;

export interface Transfer {
  agent: Dispatcher;
  file: Pick<Wish, 'url' | 'token'>;
  claim: Claim;
  /** The partial file; its journal is this with `.json`. */
  partial: string;
  signal: AbortSignal;
  /** Told after each piece. */
  tell: (haveBytes: number) => void;
}

const journalOf = (partial: string): string => `${partial}.json`;

export async function removePartial(partial: string): Promise<void> {
  await rm(partial, {force: true});
  await rm(journalOf(partial), {force: true});
}

/** Bytes at hand of the content that was claimed. What belongs to other content is removed. */
export async function resumable(partial: string, claim: Claim): Promise<number> {
  const journal = await readJson(journalOf(partial), Journal).catch(() => undefined);
  const size = await stat(partial).then(
    (found) => found.size,
    () => 0,
  );
  if (
    journal?.sha256 === claim.sha256 &&
    journal.totalBytes === claim.totalBytes &&
    size <= claim.totalBytes
  ) {
    return size;
  }
  await removePartial(partial);
  return 0;
}

/**
 * Appends to the partial file until it is as long as claimed. Throws HubTrouble when it ends early (what came
 * is kept), and the system's error when the disk refuses.
 */
export async function transfer(want: Transfer): Promise<void> {
  const {claim, partial, file, signal} = want;
  const have = await resumable(partial, claim);
  if (have === claim.totalBytes) return;
  const journal = await readJson(journalOf(partial), Journal);
  const range = have === 0 ? {} : rangeHeaders(have, journal, file.url);
  const answer = await send(want.agent, {...file, method: 'GET', headers: range}, signal);
  try {
    const start = startOf(answer, have, claim, file.url);
    await writeJson(journalOf(partial), {...claim, ...validator(answer, file.url)});
    await using handle = await open(partial, start === 0 ? 'w' : 'r+', 0o644);
    await receive(answer.body, handle, start, want);
    await handle.sync();
  } catch (error) {
    answer.body.destroy();
    throw error;
  }
}

function rangeHeaders(have: number, journal: Journal | undefined, url: URL): Record<string, string> {
  const range = `bytes=${have}-`;
  const known = journal?.origin === url.origin ? journal.etag : undefined;
  return known === undefined ? {range} : {range, 'if-range': known};
}

function validator(answer: Dispatcher.ResponseData, url: URL): Pick<Journal, 'etag' | 'origin'> {
  const etag = single(answer, 'etag');
  return etag === undefined || etag.startsWith('W/') ? {} : {etag, origin: url.origin};
}

/** Where the answer's first byte belongs; throws when the answer cannot be that of the file. */
function startOf(answer: Dispatcher.ResponseData, have: number, claim: Claim, url: URL): number {
  const lie = (what: string) => new HubTrouble('corrupt', `${url.origin} ${what}`);
  if (/^text\/html\b/i.test(single(answer, 'content-type') ?? '')) {
    throw new HubTrouble('broken', `${url.origin} answered with a web page instead of the file`);
  }
  const start = answer.statusCode === 206 ? have : 0;
  if (answer.statusCode === 206) {
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(single(answer, 'content-range') ?? '') ?? [];
    if (Number(first) !== have || Number(total) !== claim.totalBytes)
      throw lie('sent another range than asked for');
  }
  const length = single(answer, 'content-length');
  if (length !== undefined && start + Number(length) !== claim.totalBytes) {
    throw lie(`sends ${start + Number(length)} bytes but claimed ${claim.totalBytes}`);
  }
  return start;
}

async function receive(
  body: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  start: number,
  {claim, file, signal, tell}: Transfer,
): Promise<void> {
  const {origin} = file.url;
  let have = start;
  tell(have);
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  for (;;) {
    const piece = await nextPiece(pieces, origin, signal);
    if (!piece) break;
    if (have + piece.length > claim.totalBytes) {
      throw new HubTrouble('corrupt', `${origin} sends more than it claimed`);
    }
    await writeAll(handle, piece, have);
    have += piece.length;
    tell(have);
  }
  if (have < claim.totalBytes) throw new HubTrouble('dropped', `${origin} ended after ${have} bytes`);
}

/** Troubles of the wire are the hub's; the disk's must keep their own names. */
async function nextPiece(
  pieces: AsyncIterator<Uint8Array, undefined>,
  origin: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return (await pieces.next()).value;
  } catch (error) {
    signal.throwIfAborted();
    throw new HubTrouble('dropped', `${origin} broke off: ${describeError(error)}`, {cause: error});
  }
}

async function writeAll(handle: FileHandle, piece: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const {bytesWritten} = await handle.write(piece, done, piece.length - done, at + done);
    done += bytesWritten;
  }
}

export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');
