import {readlink} from 'node:fs/promises';
import {join} from 'node:path';
import {bytes} from '../../base/units.ts';
import {showCommand} from '../cpu/command-line.ts';
import {readProcessFacts, type ProcessFacts} from '../cpu/processes.ts';
import type {ProcessReading, Reading} from '../device.ts';
import type {CardRow} from './cards.ts';
import {cardError, cardFault, type CardFault} from './faults.ts';
import type {CardProcess} from './processes.ts';
import {shareOutCard} from './share-out.ts';

/** A row of a card and the processes on it as one reading that adds up. Throws when the card tells no memory. */
export function readingOfCard(
  card: CardRow,
  processes: readonly CardProcess[],
  facts: ReadonlyMap<number, ProcessFacts>,
  about: {at: Date; hidden: boolean; faults: readonly CardFault[]},
): Reading {
  const memory = shareOutCard(
    card,
    processes.map(({usedBytes}) => usedBytes),
  );
  if (!memory) throw cardError(memoryUnknown(card));
  const faults = [...about.faults, ...asks(card)];
  const {utilizationRatio, temperatureC, powerW, powerLimitW, throttle} = card;
  const {totalBytes, usedBytes, freeBytes, reservedBytes} = memory;
  return {
    at: about.at,
    totalBytes,
    usedBytes,
    freeBytes,
    reservedBytes,
    ...(utilizationRatio !== undefined && {utilizationRatio}),
    ...(temperatureC !== undefined && {temperatureC}),
    ...(powerW !== undefined && {powerW}),
    ...(powerLimitW !== undefined && {powerLimitW}),
    ...(throttle !== undefined && {throttle}),
    processes: processes.map((one, at) => readingOf(one, memory.processes[at], facts.get(one.pid))),
    ...(about.hidden && {processesHidden: true}),
    ...(faults.length > 0 && {faults}),
  };
}

/** A card that must be reset tells no memory; another that tells none cannot be shared out. */
export const memoryUnknown = (card: CardRow): CardFault =>
  card.resetRequired ? cardFault('reset-required', card.uuid) : cardFault('unreadable', card.uuid);

const asks = (card: CardRow): CardFault[] =>
  card.resetRequired || card.recovery === 'reset' || card.recovery === 'reboot'
    ? [cardFault('reset-required', card.uuid)]
    : [];

export async function factsOf(
  pids: readonly number[],
  root: string | undefined,
): Promise<Map<number, ProcessFacts>> {
  if (pids.length === 0 || (root === undefined && process.platform !== 'linux')) return new Map();
  return readProcessFacts(pids, root ?? '/');
}

/** A process that /proc does not show has ended, or lives in another PID namespace: the driver's word remains. */
function readingOf(
  one: CardProcess,
  usedBytes: number | undefined,
  facts: ProcessFacts | undefined,
): ProcessReading {
  const named = one.name === undefined ? undefined : showCommand([one.name]);
  return {
    ...(facts ?? {
      pid: one.pid,
      name: shortName(named) ?? `pid ${one.pid}`,
      command: `[${named ?? one.pid}]`,
    }),
    usedBytes: bytes(usedBytes ?? 0),
    uses: one.uses,
  };
}

const shortName = (path: string | undefined): string | undefined =>
  path?.split(/[/\\]/).findLast((part) => part !== '');

/** Inode of the first PID namespace of every Linux (PROC_PID_INIT_INO). */
const FIRST_NAMESPACE = 'pid:[4026531836]';

/** Does this program live in a PID namespace of its own? False where that cannot be known. */
export async function livesApart(root: string): Promise<boolean> {
  try {
    return (await readlink(join(root, 'proc/self/ns/pid'))) !== FIRST_NAMESPACE;
  } catch {
    // No /proc (macOS, Windows), or that of another machine: nothing is known, and nothing is claimed.
    return false;
  }
}
