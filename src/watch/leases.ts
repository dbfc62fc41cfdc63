import {
  judgeLeases,
  openLeaseBook,
  type BreachFound,
  type Broken,
  type Holding,
  type Lease,
} from '../capacity/leases/index.ts';
import type {Reading} from '../card/index.ts';
import {formatBytes} from '../base/units.ts';
import type {Observer, WatchEvent} from '../monitor/index.ts';

export interface LeaseWatchOptions {
  /** Where the host keeps its leases. */
  folder: string;
  /** `cpu`, or the UUID of a card. */
  device: string;
  say: (line: string) => void;
}

/** Says who lives on which lease, and which promise is broken. It acts on nobody. */
export interface LeaseWatch extends Observer {
  leasesIn: (reading: Reading) => ReadonlyMap<number, string>;
  /**
   * Whether somebody could break a promise: then what they hold is looked at each second. A card says by itself when
   * more of it is used.
   */
  hurry: () => boolean;
  /** A lease that somebody lives on, by its name. */
  find: (name: string) => Lease | undefined;
  /** Whether its promise is broken now. */
  isBroken: (name: string) => boolean;
}

export function openLeaseWatch({folder, device, say}: LeaseWatchOptions): LeaseWatch {
  const book = openLeaseBook(folder, say);
  let holdings: readonly Holding[] = [];
  let broken: Broken = new Map();
  return {
    name: 'leases',
    leasesIn(reading) {
      holdings = book.holdings(device, reading);
      return new Map(
        holdings.flatMap(({lease, processes}) => processes.map(({pid}) => [pid, lease.name] as const)),
      );
    },
    hurry: () =>
      device === 'cpu' && holdings.some(({lease, processes}) => lease.tier === 'T0' && processes.length > 0),
    find: (name) => holdings.find(({lease}) => lease.name === name)?.lease,
    isBroken: (name) => broken.has(name),
    async observe({atMs}) {
      const uses = holdings.map(({lease, usedBytes}) => ({name: lease.name, bytes: lease.bytes, usedBytes}));
      const judged = judgeLeases(broken, uses, atMs);
      broken = judged.broken;
      // For the next sample: a lease of this second is known in the next.
      await book.refresh();
      return judged.found.map((found) => eventOf(found, atMs, tierOf(holdings, found)));
    },
  };
}

const tierOf = (holdings: readonly Holding[], {name}: BreachFound): string =>
  holdings.find(({lease}) => lease.name === name)?.lease.tier ?? '';

function eventOf(found: BreachFound, atMs: number, tier: string): WatchEvent {
  const {state, name, bytes, usedBytes, toleranceBytes, sinceMs} = found;
  const [held, promised] = [formatBytes(usedBytes), formatBytes(bytes)];
  return {
    atMs,
    kind: state === 'broken' ? 'lease-broken' : 'lease-kept',
    tenant: `lease:${name}`,
    text:
      state === 'broken'
        ? `The tenant of the lease ${name} holds ${held}, and ${promised} were promised.`
        : `The tenant of the lease ${name} keeps to its promise again: it holds ${held} of ${promised}.`,
    numbers: {usedBytes, promisedBytes: bytes, toleranceBytes, sinceMs, tier},
  };
}
