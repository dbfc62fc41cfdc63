import {join} from 'node:path';
import type {z} from 'zod';
import {BerthError, ExitCode} from '../base/errors.ts';
import {stateFileDamaged} from '../base/files.ts';
import type {Host, HostFiles} from '../hosts/index.ts';
import {outcomeSchema, releaseSchema, type Outcome, type Release} from './release.ts';

/** Releases kept for rollback, besides the one that serves. */
const RETAINED = 10;

export interface PastRelease {
  release: Release;
  /** Undefined: its deploy was cut off before it could say. */
  outcome: Outcome | undefined;
}

/** The part of a host that keeps records. */
export type RecordKeeper = Pick<Host, 'stateRoot' | 'files'>;

/** The folder that holds everything of one deployment on its host. */
export const deploymentFolder = (host: RecordKeeper, deployment: string): string =>
  join(host.stateRoot, deployment);

/** Whether a name in the state folder can be a deployment's: other files may lie there. */
export const isDeployment = (name: string): boolean => /^[a-z0-9][a-z0-9-]{0,38}$/.test(name);

/** The releases of one deployment, as files on its host: history that any client can read. */
export class History {
  readonly #files: HostFiles;
  readonly #folder: string;

  constructor(host: RecordKeeper, deployment: string) {
    this.#files = host.files;
    this.#folder = join(deploymentFolder(host, deployment), 'releases');
  }

  /** All releases, the oldest first. A file that cannot be read is named in an error, not passed over. */
  async all(): Promise<PastRelease[]> {
    const names = await this.#files.list(this.#folder);
    const numbers = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
    numbers.sort((a, b) => a - b);
    return Promise.all(numbers.map((number) => this.get(number)));
  }

  async get(number: number): Promise<PastRelease> {
    const release = await this.#read(`${number}.json`, releaseSchema);
    if (!release) {
      throw new BerthError({
        code: 'unknown_release',
        what: (t) => t.deploy.unknownRelease({number}),
        try: ['berth releases'],
        exit: ExitCode.usage,
      });
    }
    return {release, outcome: await this.#read(`${number}.outcome.json`, outcomeSchema)};
  }

  /** Numbers are never used twice, also when old files were pruned. */
  async nextNumber(): Promise<number> {
    const past = await this.all();
    return (past.at(-1)?.release.number ?? 0) + 1;
  }

  async add(release: Release): Promise<void> {
    await this.#write(`${release.number}.json`, release);
  }

  async conclude(number: number, outcome: Outcome): Promise<void> {
    await this.#write(`${number}.outcome.json`, outcome);
  }

  /** Forgets the oldest releases beyond what rollback keeps; never the one that serves. */
  async prune(serving: number): Promise<void> {
    const past = await this.all();
    const old = past.map(({release}) => release.number).filter((number) => number !== serving);
    for (const number of old.slice(0, Math.max(0, old.length - RETAINED))) {
      await this.#files.remove(join(this.#folder, `${number}.outcome.json`));
      await this.#files.remove(join(this.#folder, `${number}.json`));
    }
  }

  async #read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const path = join(this.#folder, name);
    const text = await this.#files.read(path);
    if (text === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw stateFileDamaged(path, cause);
    }
  }

  #write(name: string, value: unknown): Promise<void> {
    return this.#files.write(join(this.#folder, name), `${JSON.stringify(value, undefined, 2)}\n`);
  }
}
