import {readFileSync} from 'node:fs';
import {describeError, systemCode} from '../../base/errors.ts';
import {writeJson} from '../../base/files.ts';
import type {Alert, AlertsStatus, Told} from '../../monitor/index.ts';

/** What is wrong with a webhook. */
type Trouble = NonNullable<AlertsStatus['webhooks'][number]['trouble']>;

/** What outlives the watch: no address and no secret is in it. */
interface Kept {
  schema: 'berth.told/1';
  told: Told;
  /** By the webhook's name. */
  troubles: Readonly<Record<string, Trouble>>;
  waiting: Readonly<Record<string, readonly Alert[]>>;
}

export interface ToldFileOptions {
  /** Absolute path. */
  file: string;
  /** What waits for each webhook now. */
  waiting: () => readonly (readonly [string, readonly Alert[]])[];
  say: (line: string) => void;
}

/** What people know, which webhooks are in trouble, and what waits: in memory, and written behind each change. */
export class ToldFile {
  readonly #options: ToldFileOptions;
  #left: Kept['waiting'];
  #writing: Promise<void> | undefined;
  #changed = false;
  #problem: string | undefined;
  told: Told;
  troubles: Readonly<Record<string, Trouble>>;

  constructor(options: ToldFileOptions) {
    this.#options = options;
    const {told = {}, troubles = {}, waiting = {}} = readKept(options) ?? {};
    this.told = told;
    this.troubles = troubles;
    this.#left = waiting;
  }

  /** What an earlier watch had not delivered to that webhook. */
  left(name: string): readonly Alert[] {
    return this.#left[name] ?? [];
  }

  /**
   * From now on these are told: what was left is in their outboxes, and nothing is known of others. Where there are none,
   * whoever comes later knows nothing.
   */
  settle(names: readonly string[]): void {
    this.#left = {};
    const troubles = Object.entries(this.troubles).filter(([name]) => names.includes(name));
    const told = names.length === 0 ? {} : this.told;
    const size = (of: object): number => Object.keys(of).length;
    if (size(told) === size(this.told) && troubles.length === size(this.troubles)) return;
    this.told = told;
    this.troubles = Object.fromEntries(troubles);
    this.save();
  }

  worked(name: string): void {
    this.troubles = Object.fromEntries(Object.entries(this.troubles).filter(([other]) => other !== name));
    this.save();
  }

  failed(name: string, trouble: Trouble): void {
    this.troubles = {...this.troubles, [name]: trouble};
    this.save();
  }

  /** Writes it soon; nobody waits for it. */
  save(): void {
    this.#changed = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#changed) await this.#write();
  }

  async #write(): Promise<void> {
    const {file, waiting, say} = this.#options;
    while (this.#changed) {
      this.#changed = false;
      const kept: Kept = {
        schema: 'berth.told/1',
        told: this.told,
        troubles: this.troubles,
        waiting: Object.fromEntries(waiting()),
      };
      try {
        await writeJson(file, kept);
        this.#problem = undefined;
      } catch (error) {
        // A full disk must not keep anybody from being told: only a killed watch would tell it twice.
        const problem = describeError(error);
        if (problem !== this.#problem) say(`alerts: ${file} could not be written: ${problem}`);
        this.#problem = problem;
      }
    }
  }
}

/** Written by this program alone, so its shape is not checked beyond its name; one that is damaged is none. */
function readKept({file, say}: ToldFileOptions): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept>;
    if (kept.schema === 'berth.told/1' && kept.told && kept.troubles && kept.waiting) return kept as Kept;
    say(`alerts: ${file} is of another version and is not used`);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') say(`alerts: ${file} cannot be read: ${describeError(error)}`);
  }
  return undefined;
}
