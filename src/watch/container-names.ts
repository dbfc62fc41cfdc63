import {ms, type Duration} from '../base/units.ts';
import type {Clock} from '../base/clock.ts';
import {ownerOf, type Reading} from '../card/index.ts';

export interface ContainerNamesOptions {
  /** Names of the containers that run, by id (64 hex digits). */
  list: (deadline: Duration) => Promise<ReadonlyMap<string, string>>;
  clock: Clock;
}

/** Whoever waits for the names waits for nothing else meanwhile. */
const DEADLINE = ms(1000);
/** Where Docker does not answer it is asked again after this time. Milliseconds. */
const AGAIN_MS = 60_000;

/** Names of containers on the device, each asked for once: when it is first seen. */
export class ContainerNames {
  readonly #options: ContainerNamesOptions;
  #names: ReadonlyMap<string, string | undefined> = new Map();
  #notBefore = 0;

  constructor(options: ContainerNamesOptions) {
    this.#options = options;
  }

  /** Undefined where Docker does not tell: it is another engine's, or that one does not answer. */
  readonly of = (id: string): string | undefined => this.#names.get(id);

  /** Learns the names of those who are new in this reading, and forgets who has gone. Never throws. */
  async learn({processes}: Pick<Reading, 'processes'>): Promise<void> {
    const {list, clock} = this.#options;
    const owners = processes.map((one) => ownerOf(one, []));
    const ids = new Set(owners.flatMap((owner) => (owner.kind === 'container' ? [owner.containerId] : [])));
    let told: ReadonlyMap<string, string> | undefined;
    if ([...ids].some((id) => !this.#names.has(id)) && clock.elapsed() >= this.#notBefore) {
      try {
        told = await list(DEADLINE);
      } catch {
        // No Docker, or no right to ask it: containers are told by their processes.
        this.#notBefore = clock.elapsed() + AGAIN_MS;
      }
    }
    const known = [...ids].filter((id) => told !== undefined || this.#names.has(id));
    this.#names = new Map(known.map((id) => [id, this.#names.get(id) ?? told?.get(id)]));
  }
}
