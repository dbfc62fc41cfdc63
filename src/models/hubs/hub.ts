import type {HubPlace} from '../model.ts';
import type {Claim} from './claim.ts';
import type {Wish} from './http.ts';

/** A file in a hub's list of a repository. */
export interface Listed {
  path: string;
  claim: Claim;
}

/** One server that has models, at one address. */
export interface Hub {
  /** `https://huggingface.co`: how people know it. */
  origin: string;
  /** Asks what a file is. Throws HubTrouble. */
  claim(place: HubPlace, path: string, signal: AbortSignal): Promise<Claim>;
  /** All files of a repository. Throws HubTrouble. */
  list(place: HubPlace, signal: AbortSignal): Promise<Listed[]>;
  /** What to ask for to get the file's bytes. */
  file(place: HubPlace, path: string): Pick<Wish, 'url' | 'token'>;
}

/** A repository on a hub. */
export interface Home {
  hub: Hub;
  place: HubPlace;
}

/** A file on a hub. */
export interface Mirror extends Home {
  path: string;
}
