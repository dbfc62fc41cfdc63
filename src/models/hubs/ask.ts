/** Asks all hubs at once what a file is, and decides whom to believe. */
import type {Clock} from '../../base/clock.ts';
import {seconds} from '../../base/units.ts';
import type {HubFile} from '../model.ts';
import {sameClaim, underPin, type Claim} from './claim.ts';
import type {Home} from './hub.ts';
import {HubTrouble} from './trouble.ts';

export interface Answering {
  home: Home;
  /** Never rejects for what is a hub's fault. */
  answer: Promise<Said>;
}

interface Said {
  home: Home;
  claim?: Claim;
  trouble?: HubTrouble;
}

/** What each hub says of the file, held to what is known of it. */
export function askAll(homes: readonly Home[], file: HubFile, signal: AbortSignal): Answering[] {
  return homes.map((home) => {
    const answer = ask(home, file, signal);
    // Some answers are no longer awaited when they come.
    answer.catch(() => undefined);
    return {home, answer};
  });
}

async function ask(home: Home, file: HubFile, signal: AbortSignal): Promise<Said> {
  const {hub, place} = home;
  try {
    const claim = underPin(await hub.claim(place, file.path, signal), file);
    if (claim) return {home, claim};
    return {home, trouble: new HubTrouble('corrupt', `${hub.origin} has other content than was pinned`)};
  } catch (error) {
    if (error instanceof HubTrouble) return {home, trouble: error};
    throw error;
  }
}

/** Once one hub has answered, the better ones are given so long to answer too. */
const GRACE = seconds(1.5);

interface Choice {
  /** What a partial file here is to become. */
  known: Claim | undefined;
  /** Every claim is the pinned one: the first is as good as any. */
  pinned: boolean;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * The content to fetch: what is here in part if a hub still has it, else what the best of the hubs says that
 * answer in time. Undefined when none does.
 */
export async function chooseClaim(
  answers: readonly Answering[],
  {known, pinned, clock, signal}: Choice,
): Promise<Claim | undefined> {
  const said = new Map<Home, Claim | undefined>();
  const {promise: enough, resolve, reject} = Promise.withResolvers<undefined>();
  const grace = new AbortController();
  const hear = ({home, claim}: Said): void => {
    said.set(home, claim);
    if (said.size === answers.length || (claim && (pinned || sameClaim(claim, known)))) resolve(undefined);
    else if (claim)
      clock.sleep(GRACE, grace.signal).then(
        () => resolve(undefined),
        () => undefined,
      );
  };
  for (const {answer} of answers) answer.then(hear, reject);
  try {
    await enough;
  } finally {
    grace.abort();
  }
  signal.throwIfAborted();
  const claims = answers.flatMap(({home}) => said.get(home) ?? []);
  return claims.find((claim) => sameClaim(claim, known)) ?? claims[0];
}
