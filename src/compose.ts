/**
 * Builds the parts of Berth, each only when it is first asked for, because a command that needs one
 * part should not pay for loading the others.
 */
import {systemClock, type Clock} from './base/clock.ts';
import {chooseFolders, type Folders} from './base/folders.ts';

export interface Parts {
  clock: Clock;
  folders: Folders;
}

export function compose(env: NodeJS.ProcessEnv): Parts {
  return {clock: systemClock, folders: chooseFolders(env)};
}
