import {createHash} from 'node:crypto';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** The checkout that this rig belongs to; two checkouts on one machine do not see each other's hosts. */
const checkout = fileURLToPath(new URL('../..', import.meta.url));

const id = createHash('sha256').update(checkout).digest('hex').slice(0, 8);

/** Whose hosts: those of the tests, which end with the run, or those that a person started. */
export type Owner = 'tests' | 'person';

/** Every container, network and image of this checkout's rig has this label. */
export const label = `dev.berth.rig=${id}`;

export const prefix = (owner: Owner) => `berth-rig-${id}-${owner}`;

/** What is kept between runs: keys and built programs. Never inside the repository. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'berth-rig');
}

export const keyFolder = () => join(cacheFolder(), `keys-${id}`);
