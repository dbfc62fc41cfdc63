/** Gets a file from whichever hubs give it whole and right. */
import type {Dispatcher} from 'undici';
import type {Clock} from '../../base/clock.ts';
import {ms, seconds} from '../../base/units.ts';
import {gitHashOfFile, sha256OfFile} from './hash.ts';
import type {HubFile} from '../model.ts';
import {askAll, chooseClaim, type Answering} from './ask.ts';
import {asGitId, asSha256Id, sameClaim, type Claim} from './claim.ts';
import type {Patience} from './http.ts';
import type {Home, Mirror} from './hub.ts';
import {PartialFile, partialBytes, readBecoming, removePartial} from './partial.ts';
import {Race} from './race.ts';
import {HubTrouble} from './trouble.ts';

export interface Fetch {
  agent: Dispatcher;
  clock: Clock;
  patience: Patience;
  /** Where the repository may be had, in order of preference. */
  homes: readonly Home[];
  /** What is known of the file beforehand: a hub that claims otherwise is not believed. */
  file: HubFile;
  partial: string;
  /** Bytes of one request. */
  pieceBytes: number;
  signal: AbortSignal;
  tell: (phase: 'download' | 'verify', haveBytes: number, totalBytes: number, from?: string) => void;
  /** Told why a hub is left for another or tried again. */
  warn: (trouble: HubTrouble) => void;
  /** Throws when what is still to come has no room. */
  checkRoom: (missingBytes: number) => Promise<void>;
}

export type FetchOutcome =
  {state: 'whole'; totalBytes: number; sha256: string} | {state: 'failed'; troubles: readonly HubTrouble[]};

/** Rounds that may pass without a byte of progress. */
const ROUNDS = 4;
/** A hub that asks for more is left alone. */
const LONGEST_WAIT = seconds(60);

/**
 * Asks all hubs, races those that have the same content, and hashes the file as it lies on the disk. In rounds with
 * growing pauses; a hub stays in the next round when its trouble may pass. When wrong bytes came from several
 * hubs, each has to send the file alone, so that who lies is found out.
 */
export async function fetchFile(fetch: Fetch): Promise<FetchOutcome> {
  const troubles = new Map<Home, HubTrouble>();
  /** Hubs that may be to blame for wrong bytes. */
  const suspects = new Set<Home>();
  for (let round = 0; round < ROUNDS;) {
    const homes = fetch.homes.filter((home) => worthATry(troubles.get(home)));
    if (homes.length === 0) break;
    await pause(
      fetch,
      round,
      homes.map((home) => troubles.get(home)),
    );
    const before = (await partialBytes(fetch.partial)) ?? 0;
    const {whole, blamed, mixed} = await oneRound(fetch, homes, suspects);
    if (whole) return whole;
    for (const [home, trouble] of blamed) troubles.set(home, trouble);
    for (const home of mixed) suspects.add(home);
    if (
      mixed.length > 0 ||
      fetch.homes.filter((home) => worthATry(troubles.get(home))).length < homes.length
    ) {
      // Somebody was found out: those who are left deserve a fresh start, and they are ever fewer.
      round = 0;
    } else round = ((await partialBytes(fetch.partial)) ?? 0) > before ? 1 : round + 1;
  }
  return {state: 'failed', troubles: [...troubles.values()]};
}

const worthATry = (trouble: HubTrouble | undefined): boolean =>
  trouble === undefined || (trouble.passing && (trouble.retryAfter ?? 0) <= LONGEST_WAIT);

/** Waits as long as the hubs asked for, and longer each round; not at all while one of them has done nothing wrong. */
async function pause(
  fetch: Fetch,
  round: number,
  before: readonly (HubTrouble | undefined)[],
): Promise<void> {
  if (before.includes(undefined)) return;
  const asked = Math.min(...before.map((trouble) => trouble?.retryAfter ?? 0));
  const backoff = round === 0 ? 0 : fetch.patience.backoff * 2 ** (round - 1);
  await fetch.clock.sleep(ms(Math.max(asked, backoff)), fetch.signal);
}

interface Round {
  whole?: FetchOutcome & {state: 'whole'};
  /** Hubs with their troubles. */
  blamed: [Home, HubTrouble][];
  /** Hubs that sent wrong bytes together. */
  mixed: Home[];
}

async function oneRound(fetch: Fetch, homes: readonly Home[], suspects: ReadonlySet<Home>): Promise<Round> {
  const {file, signal, clock} = fetch;
  const asking = new AbortController();
  const answers = askAll(homes, file, AbortSignal.any([signal, asking.signal]));
  const blamed: [Home, HubTrouble][] = [];
  const blame = (home: Home, trouble: HubTrouble): void => {
    blamed.push([home, trouble]);
    fetch.warn(trouble);
  };
  try {
    const known = await readBecoming(fetch.partial);
    const claim = await chooseClaim(answers, {known, pinned: file.sha256 !== undefined, clock, signal});
    if (!claim) {
      for (const {home, trouble} of await settled(answers)) if (trouble) blame(home, trouble);
      return {blamed, mixed: []};
    }
    return await race(fetch, {answers, claim, suspects, blamed, blame});
  } finally {
    asking.abort(new Error('no longer needed'));
    await settled(answers).catch(() => undefined);
  }
}

const settled = (answers: readonly Answering[]) => Promise.all(answers.map(({answer}) => answer));

interface Ring {
  answers: readonly Answering[];
  claim: Claim;
  suspects: ReadonlySet<Home>;
  blamed: [Home, HubTrouble][];
  blame: (home: Home, trouble: HubTrouble) => void;
}

async function race(fetch: Fetch, {answers, claim, suspects, blamed, blame}: Ring): Promise<Round> {
  const {agent, clock, partial: path, pieceBytes, signal, file} = fetch;
  const had = (await partialBytes(path)) ?? 0;
  const goesOn = sameClaim(await readBecoming(path), claim);
  await fetch.checkRoom(claim.totalBytes - (goesOn ? had : 0));
  await using partial = await PartialFile.open(path, claim, pieceBytes);
  const hadRight = partial.haveBytes;
  fetch.tell('download', hadRight, claim.totalBytes);
  const running = new Race({
    agent,
    clock,
    claim,
    partial,
    signal,
    tell: (have, {hub}) => fetch.tell('download', have, claim.totalBytes, hub.origin),
    warn: (trouble) => fetch.warn(trouble),
  });
  let alone: Home | undefined;
  for (const {home, answer} of answers) {
    running.expect(
      answer.then((said): Mirror | undefined => {
        if (said.trouble) blame(home, said.trouble);
        if (!sameClaim(said.claim, claim)) return undefined;
        // Who may have lied before sends the file alone.
        if (suspects.has(home) && alone !== undefined && alone !== home) return undefined;
        if (suspects.has(home)) alone = home;
        return {...home, path: file.path};
      }),
    );
  }
  const whole = await running.run();
  for (const [{hub, place}, trouble] of running.troubles) {
    const home = fetch.homes.find((each) => each.hub === hub && each.place === place);
    if (home) blamed.push([home, trouble]);
  }
  if (!whole) return {blamed, mixed: []};
  await partial.sync();
  const right = await hashIfRight(fetch, claim);
  if (right !== undefined) {
    return {whole: {state: 'whole', totalBytes: claim.totalBytes, sha256: right}, blamed, mixed: []};
  }
  await removePartial(path);
  const contributors = fetch.homes.filter((home) =>
    running.contributors.some(({hub, place}) => hub === home.hub && place === home.place),
  );
  // What was here before may be what is wrong: then nobody is to blame yet.
  if (contributors.length === 1 && hadRight === 0) {
    for (const home of contributors) {
      blame(home, new HubTrouble('corrupt', `${home.hub.origin} sent other bytes than it claimed`));
    }
    return {blamed, mixed: []};
  }
  return {blamed, mixed: contributors.length > 0 ? contributors : [...fetch.homes]};
}

/** The SHA-256 of the file if its content is what was claimed. */
async function hashIfRight({partial, signal, tell}: Fetch, claim: Claim): Promise<string | undefined> {
  const sha256 = await sha256OfFile(partial, (done) => tell('verify', done, claim.totalBytes), signal);
  const id = claim.id.startsWith('git:') ? asGitId(await gitHashOfFile(partial)) : asSha256Id(sha256);
  return claim.id === id ? sha256 : undefined;
}
