import {homedir} from 'node:os';
import {join} from 'node:path';

/** Where Berth keeps things on this machine, after the XDG Base Directory Specification. */
export interface Folders {
  /** What runs and what ran: one folder a deployment. */
  state: string;
  /** Weights: large, and can be fetched again. */
  cache: string;
  /** The client's keys and host list. */
  config: string;
}

export function chooseFolders(env: NodeJS.ProcessEnv): Folders {
  const home = env.HOME ?? homedir();
  const pick = (own: string, xdg: string, fallback: readonly string[]): string =>
    env[own] ?? join(env[xdg] ?? join(home, ...fallback), 'berth');
  return {
    state: pick('BERTH_STATE_HOME', 'XDG_STATE_HOME', ['.local', 'state']),
    cache: pick('BERTH_CACHE_HOME', 'XDG_CACHE_HOME', ['.cache']),
    config: pick('BERTH_CONFIG_HOME', 'XDG_CONFIG_HOME', ['.config']),
  };
}
