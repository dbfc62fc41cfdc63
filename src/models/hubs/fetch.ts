/** Gets a file from the first hub that gives it whole and right. */
import type {Dispatcher} from 'undici';
import type {Clock} from '../../base/clock.ts';
import {ms, seconds} from '../../base/units.ts';
import {sha256OfFile} from '../store/hash.ts';
import type {HubPlace} from '../model.ts';
import type {Patience} from './http.ts';
import type {Claim, Hubs} from './hub.ts';
import {removePartial, resumable, transfer} from './transfer.ts';
import {HubTrouble} from './trouble.ts';

export interface Fetch {
  agent: Dispatcher;
  hubs: Hubs;
  clock: Clock;
  patience: Patience;
  places: readonly HubPlace[];
  /** Known beforehand: a hub that claims another is not believed. */
  sha256?: string | undefined;
  partial: string;
  signal: AbortSignal;
  tell: (phase: 'download' | 'verify', haveBytes: number, totalBytes: number) => void;
  /** Told why a hub is left for another or tried again. */
  warn: (trouble: HubTrouble) => void;
  /** Throws when what is still to come has no room. */
  checkRoom: (missingBytes: number) => Promise<void>;
}

export type FetchOutcome =
  {state: 'whole'; claim: Claim} | {state: 'failed'; troubles: readonly HubTrouble[]};

const ROUNDS = 4;
/** A hub that asks for more is left alone. */
const LONGEST_WAIT = seconds(60);

/**
 * Tries the places in order, in rounds with growing pauses. A place stays in the next round when its trouble
 * may pass. When it is whole, the partial file has been hashed as it lies on the disk.
 */
export async function fetchFile(fetch: Fetch): Promise<FetchOutcome> {
  const troubles = new Map<HubPlace, HubTrouble>();
  for (let round = 0; round < ROUNDS; round++) {
    const places = fetch.places.filter((place) => worthATry(troubles.get(place)));
    if (places.length === 0) break;
    if (round > 0)
      await pause(
        fetch,
        round,
        places.map((place) => troubles.get(place)),
      );
    for (const place of places) {
      const outcome = await fromPlace(fetch, place);
      if (!(outcome instanceof HubTrouble)) return {state: 'whole', claim: outcome};
      troubles.set(place, outcome);
      fetch.warn(outcome);
    }
  }
  return {state: 'failed', troubles: [...troubles.values()]};
}

const worthATry = (trouble: HubTrouble | undefined): boolean =>
  trouble === undefined || (trouble.passing && (trouble.retryAfter ?? 0) <= LONGEST_WAIT);

async function pause(fetch: Fetch, round: number, before: (HubTrouble | undefined)[]): Promise<void> {
  const asked = Math.min(...before.map((trouble) => trouble?.retryAfter ?? 0));
  await fetch.clock.sleep(ms(Math.max(asked, fetch.patience.backoff * 2 ** (round - 1))), fetch.signal);
}

async function fromPlace(fetch: Fetch, place: HubPlace): Promise<Claim | HubTrouble> {
  try {
    const claim = await claimOf(fetch, place);
    await fetchWhole(fetch, place, claim);
    return claim;
  } catch (error) {
    if (error instanceof HubTrouble) return error;
    throw error;
  }
}

async function claimOf({hubs, sha256, signal}: Fetch, place: HubPlace): Promise<Claim> {
  const claim = await hubs[place.hub].claim(place, signal);
  if (sha256 === undefined || claim.sha256 === sha256) return claim;
  throw new HubTrouble(
    'corrupt',
    `${hubs[place.hub].file(place).url.origin} has other content than was pinned`,
  );
}

/** As long as each attempt brings the file on, the next follows at once. */
async function fetchWhole(fetch: Fetch, place: HubPlace, claim: Claim): Promise<void> {
  const {partial, agent, signal} = fetch;
  const file = fetch.hubs[place.hub].file(place);
  const tell = (have: number) => fetch.tell('download', have, claim.totalBytes);
  for (;;) {
    const had = await resumable(partial, claim);
    await fetch.checkRoom(claim.totalBytes - had);
    try {
      await transfer({agent, file, claim, partial, signal, tell});
    } catch (error) {
      const progressed = (await resumable(partial, claim)) - had >= WORTH_GOING_ON;
      if (error instanceof HubTrouble && error.kind === 'dropped' && progressed) {
        fetch.warn(error);
        continue;
      }
      throw error;
    }
    if (await isRight(fetch, claim)) return;
    await removePartial(partial);
    // What was here before may be what is wrong: then the same hub gets one chance to send it whole.
    if (had === 0) throw new HubTrouble('corrupt', `${file.url.origin} sent other bytes than it claimed`);
  }
}

/** Bytes; less is no progress, or a hub that drops after each byte would hold us for ever. */
const WORTH_GOING_ON = 65_536;

async function isRight({partial, signal, tell}: Fetch, claim: Claim): Promise<boolean> {
  const sha256 = await sha256OfFile(partial, (done) => tell('verify', done, claim.totalBytes), signal);
  return sha256 === claim.sha256;
}
