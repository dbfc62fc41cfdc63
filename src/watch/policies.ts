import {join} from 'node:path';
import type {GuardPolicy} from '../capacity/guard/index.ts';
import type {ObjectiveSettings} from '../monitor/index.ts';
import {FollowedFile} from './followed-file.ts';

/** What a deployment's settings ask of its watch. A deploy writes it, and checked it before: `berth.policy/1`. */
export interface WatchPolicy {
  schema: 'berth.policy/1';
  guard: GuardPolicy;
  /** Missing where an earlier version of Berth wrote it. */
  objectives?: ObjectiveSettings;
}

/** Its path. It is no part of a release: another policy stops nothing that is served. Pure. */
export const policyFile = (stateFolder: string): string => join(stateFolder, 'policy.json');

/** The policy as the last deploy wrote it; looked for anew each time that it is asked for. */
export class Policies {
  readonly #file: FollowedFile<WatchPolicy>;

  constructor({folder, say}: {folder: string; say: (line: string) => void}) {
    this.#file = new FollowedFile({
      file: policyFile(folder),
      schema: 'berth.policy/1',
      onRead: ({guard}) => say(`policy: guard ${guard.mode}`),
      say,
    });
  }

  /** Undefined before a deploy has written one. */
  guard(): GuardPolicy | undefined {
    return this.#file.read()?.guard;
  }

  /** Undefined before a deploy has written any. */
  objectives(): ObjectiveSettings | undefined {
    return this.#file.read()?.objectives;
  }
}
