/** Gets one part of a file from one hub. */
import type {Dispatcher} from 'undici';
import {describeError, systemCode} from '../../base/errors.ts';
import type {Claim} from './claim.ts';
import {Gather} from './gather.ts';
import {send, single, type Answer, type Wish} from './http.ts';
import type {Gap, PartialFile} from './partial.ts';
import {HubTrouble} from './trouble.ts';

/** What was seen of a hub while it sent this file. */
export interface Seen {
  /** Strong ETag, and the origin that gave it: with it a hub is asked for the same file, not another of that name. */
  validator?: {etag: string; origin: string};
  /** Whether it sends parts of files; unknown before the first was asked for. */
  ranges?: boolean;
}

export interface Transfer {
  agent: Dispatcher;
  file: Pick<Wish, 'url' | 'token'>;
  claim: Claim;
  partial: PartialFile;
  gap: Gap;
  seen: Seen;
  signal: AbortSignal;
  /** Told after each piece, and at the end, when all of it is on the disk. */
  tell: (gotBytes: number) => void;
}

/**
 * Fills the gap. Throws HubTrouble when it ends early (what came is kept), and the system's error when the
 * disk refuses. A hub that ignores ranges goes on past the gap for as long as what follows is free.
 */
export async function transfer(want: Transfer): Promise<void> {
  const {agent, file, gap, seen, signal, claim} = want;
  const wholeFile = gap.start === 0 && gap.end === claim.totalBytes;
  const range = `bytes=${gap.start}-${gap.end - 1}`;
  const headers: Record<string, string> = wholeFile ? {} : {range};
  if (!wholeFile && seen.validator) headers['if-range'] = seen.validator.etag;
  const answer = await send(agent, {...file, method: 'GET', headers}, signal);
  const gather = new Gather(want.partial, gap);
  try {
    const skip = check(answer, want, wholeFile);
    await receive(answer, skip, want, gather);
  } catch (error) {
    answer.body.on('error', () => undefined).destroy();
    throw error;
  } finally {
    gather.flush();
    if (gather.gap !== gap) want.partial.release(gather.gap);
    want.tell(0);
  }
}

/** Bytes to pass over before the gap begins; throws when the answer cannot be that of the file. */
function check(answer: Answer, {gap, claim, seen}: Transfer, wholeFile: boolean): number {
  const {origin} = answer.url;
  const lie = (what: string) => new HubTrouble('corrupt', `${origin} ${what}`);
  if (/^text\/html\b/i.test(single(answer, 'content-type') ?? '')) {
    throw new HubTrouble('broken', `${origin} answered with a web page instead of the file`);
  }
  const etag = single(answer, 'etag');
  const known = seen.validator?.origin === origin ? seen.validator.etag : undefined;
  if (known !== undefined && etag !== undefined && etag !== known) {
    throw lie('changed the file while it was fetched');
  }
  if (etag !== undefined && !etag.startsWith('W/')) seen.validator = {etag, origin};
  const length = single(answer, 'content-length');
  if (answer.statusCode === 206) {
    const [, first, last, total] =
      /^bytes (\d+)-(\d+)\/(\d+)$/.exec(single(answer, 'content-range') ?? '') ?? [];
    if (Number(total) !== claim.totalBytes) {
      throw lie(`sends a file of ${total ?? 'unknown'} bytes but claimed ${claim.totalBytes}`);
    }
    if (Number(first) !== gap.start || Number(last) !== gap.end - 1) {
      throw lie('sent another range than asked for');
    }
    if (length !== undefined && Number(length) !== gap.end - gap.start) {
      throw lie(`sends ${length} bytes of a range of ${gap.end - gap.start}`);
    }
    seen.ranges = true;
    return 0;
  }
  if (length !== undefined && Number(length) !== claim.totalBytes) {
    throw lie(`sends ${length} bytes but claimed ${claim.totalBytes}`);
  }
  if (!wholeFile) seen.ranges = false;
  return gap.start;
}

/** Troubles of the wire are the hub's; the disk's keep their own names. */
function receive(answer: Answer, skip: number, want: Transfer, gather: Gather): Promise<void> {
  const {partial, signal, tell} = want;
  const {body} = answer;
  const {origin} = answer.url;
  let {gap} = want;
  let left = gap.end - gap.start;
  let toSkip = skip;
  return new Promise((resolve, reject) => {
    const fill = (content: Uint8Array): void => {
      let rest = content;
      while (rest.length > 0) {
        if (left === 0) {
          const next = answer.statusCode === 206 ? undefined : partial.takeAfter(gap);
          if (!next && answer.statusCode === 206) {
            throw new HubTrouble('corrupt', `${origin} sends more than it claimed`);
          }
          if (!next) {
            body
              .removeAllListeners('data')
              .on('error', () => undefined)
              .destroy();
            resolve();
            return;
          }
          gather.goOn(next);
          if (gap !== want.gap) partial.release(gap);
          // It began before this part's first missing byte: what is at hand already is passed over.
          toSkip = next.start - gap.end;
          gap = next;
          left = next.end - next.start;
        }
        const passed = Math.min(toSkip, rest.length);
        toSkip -= passed;
        const part = rest.subarray(passed, passed + left);
        rest = rest.subarray(passed + part.length);
        if (part.length === 0) continue;
        gather.append(part);
        left -= part.length;
        tell(part.length);
      }
    };
    body.on('data', (content: Uint8Array) => {
      try {
        fill(content);
        letGo(content);
      } catch (error) {
        reject(asError(error));
      }
    });
    body.on('end', () => {
      if (left === 0) resolve();
      else reject(new HubTrouble('dropped', `${origin} ended ${left} bytes before it should`));
    });
    body.on('error', (error) => {
      const broke = `${origin} broke off: ${describeError(error)}`;
      reject(signal.aborted ? asError(signal.reason) : new HubTrouble('dropped', broke, {cause: error}));
    });
  });
}

/**
 * Gives the memory of a piece back now. Left to the garbage collector it fills tens of megabytes each time before
 * V8 marks the whole heap for its sake, a tenth of the time of a fast download. Only a piece that is all of what the
 * socket read is let go: of any other, the HTTP parser may need the rest.
 */
function letGo({buffer, byteLength}: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');
