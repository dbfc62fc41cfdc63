import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {describeError, systemCode} from '../base/errors.ts';
import type {GuardPolicy} from '../capacity/guard/index.ts';
import type {ObjectiveSettings} from '../monitor/index.ts';

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
  readonly #file: string;
  readonly #say: (line: string) => void;
  #policy: WatchPolicy | undefined;
  #seen: string | undefined;

  constructor({folder, say}: {folder: string; say: (line: string) => void}) {
    this.#file = policyFile(folder);
    this.#say = say;
  }

  /** Undefined before a deploy has written one. */
  guard(): GuardPolicy | undefined {
    this.#refresh();
    return this.#policy?.guard;
  }

  /** Undefined before a deploy has written any. */
  objectives(): ObjectiveSettings | undefined {
    this.#refresh();
    return this.#policy?.objectives;
  }

  #refresh(): void {
    const seen = this.#stamp();
    if (seen === this.#seen) return;
    this.#seen = seen;
    if (seen === undefined) {
      this.#policy = undefined;
      return;
    }
    try {
      const policy = JSON.parse(readFileSync(this.#file, 'utf8')) as WatchPolicy;
      if ((policy.schema as string) !== 'berth.policy/1') throw new Error('it is of another version');
      this.#policy = policy;
      this.#say(`policy: guard ${policy.guard.mode}`);
    } catch (error) {
      // What was asked for before still holds.
      this.#say(`${this.#file}: ${describeError(error)}`);
    }
  }

  /** Tells one version of the file from the next; it is replaced in one step. */
  #stamp(): string | undefined {
    try {
      const {ino, mtimeMs} = statSync(this.#file);
      return `${ino} ${mtimeMs}`;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') this.#say(`${this.#file}: ${describeError(error)}`);
      return undefined;
    }
  }
}
