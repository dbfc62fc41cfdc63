import {homedir} from 'node:os';
import {isAbsolute, join, resolve} from 'node:path';

/** Where Berth keeps things on this machine, after the XDG Base Directory Specification. Absolute paths. */
export interface Folders {
  /** What runs and what ran: one folder a deployment. */
  state: string;
  /** Weights: large, and can be fetched again. */
  cache: string;
  /** The client's keys and host list. */
  config: string;
}

export function chooseFolders(env: NodeJS.ProcessEnv): Folders {
  const home = set(env.HOME) ?? homedir();
  const pick = (own: string, xdg: string, fallback: readonly string[]): string => {
    const chosen = set(env[own]);
    // Programs that are started from other folders are told this path.
    if (chosen !== undefined) return resolve(chosen);
    const base = set(env[xdg]);
    // The specification has a relative path ignored.
    return join(base !== undefined && isAbsolute(base) ? base : join(home, ...fallback), 'berth');
  };
  return {
    state: pick('BERTH_STATE_HOME', 'XDG_STATE_HOME', ['.local', 'state']),
    cache: pick('BERTH_CACHE_HOME', 'XDG_CACHE_HOME', ['.cache']),
    config: pick('BERTH_CONFIG_HOME', 'XDG_CONFIG_HOME', ['.config']),
  };
}

/** An empty variable is as good as none. */
const set = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
