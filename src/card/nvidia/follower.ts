import type {Clock} from '../../base/clock.ts';
import {mib, seconds} from '../../base/units.ts';
import {xidsInKernelLog} from './examine.ts';
import type {Follower} from '../follower.ts';
import type {Run} from '../run.ts';
import {openNvidiaDevice} from './device.ts';
import type {CardRow} from './cards.ts';
import {cardError, cardFault, type CardFault} from './faults.ts';
import {followCards, startLocally} from './follow.ts';
import {mergeProcesses, type CardProcess} from './processes.ts';
import {factsOf, livesApart, readingOfCard} from './reading.ts';
import {openSmi} from './smi.ts';
import {xidsOf, type Xid} from './xids.ts';

export interface NvidiaFollowerOptions {
  clock: Clock;
  uuid: string;
  root: string;
  run: Run;
  /** Runs what reads the kernel's log. */
  runForLog: Run;
}

/** A row older than this tells nothing of the card as it is now. Milliseconds. */
const OLD_MS = 5000;
const DEADLINE = seconds(5);
/** Where a container must be started for it, on a busy machine. */
const LOG_DEADLINE = seconds(20);
/** Used bytes that have changed by so much ask who it was. */
const CHANGED_BY = mib(32);
/** Graphics programs come and go seldom, and their list is a program of its own to start. */
const MONITORED_EVERY = 6;

/** A card: one nvidia-smi that goes on printing rows, and one for each look at its processes. */
export function followNvidia({clock, uuid, root, run, runForLog}: NvidiaFollowerOptions): Follower {
  const over = new AbortController();
  const smi = openSmi(run, DEADLINE);
  let row: {card: CardRow; at: number} | undefined;
  let fault: CardFault | undefined;
  let processes: CardProcess[] = [];
  let monitored: CardProcess[] = [];
  let facts: Awaited<ReturnType<typeof factsOf>> = new Map();
  let hidden = false;
  let usedThen = 0;
  let looks = 0;
  let lookedAt: number | undefined;

  const first = Promise.withResolvers<undefined>();
  void (async () => {
    for await (const event of followCards({start: startLocally, clock, signal: over.signal, card: uuid})) {
      if (event.state === 'row') {
        if (event.card.uuid === uuid) row = {card: event.card, at: clock.elapsed()};
        fault = undefined;
      } else {
        fault = event.fault;
      }
      first.resolve(undefined);
    }
  })();

  function current(): CardRow {
    if (row?.card.lost) throw cardError(cardFault('lost', uuid));
    if (row && clock.elapsed() - row.at <= OLD_MS) return row.card;
    throw cardError(fault ?? cardFault('silent', '', `${OLD_MS / 1000} s`));
  }

  return {
    facts: () => openNvidiaDevice({run, clock, card: uuid, root, deadline: DEADLINE}).facts(),
    async read() {
      // Before the first row nothing is wrong yet; one that never comes is told as a fault.
      await first.promise;
      return readingOfCard(current(), processes, facts, {at: clock.now(), hidden, faults: []});
    },
    async look() {
      await first.promise;
      const card = current();
      const [apps, all] = await Promise.all([
        smi.computeApps(),
        looks % MONITORED_EVERY === 0 ? smi.monitored() : undefined,
      ]);
      looks++;
      if (apps.state === 'fault') throw cardError(apps.fault);
      if (all) monitored = all.state === 'ok' ? all.value : [];
      processes = mergeProcesses(card, apps.value, stillThere(monitored, apps.value));
      facts = await factsOf(
        processes.map(({pid}) => pid),
        root,
      );
      hidden = await livesApart(root);
      usedThen = card.usedBytes ?? 0;
      lookedAt = clock.elapsed();
    },
    get seenAt() {
      return row?.at;
    },
    get lookedAt() {
      return lookedAt;
    },
    changed: () => Math.abs((row?.card.usedBytes ?? 0) - usedThen) >= CHANGED_BY,
    async xids(): Promise<readonly Xid[] | undefined> {
      await first.promise;
      const busId = row?.card.busId;
      const all = busId === undefined ? undefined : await xidsInKernelLog(runForLog, LOG_DEADLINE);
      return all && busId !== undefined ? xidsOf(all, busId) : undefined;
    },
    [Symbol.dispose]: () => over.abort(),
  };
}

/** A compute program that the newer list does not name any more has ended; of graphics programs only `pmon` knows. */
const stillThere = (monitored: readonly CardProcess[], apps: readonly CardProcess[]): CardProcess[] => {
  const pids = new Set(apps.map(({pid}) => pid));
  return monitored.filter(({pid, uses}) => uses === 'graphics' || pids.has(pid));
};
