import {bytes, type Bytes} from '../../base/units.ts';
import type {CardRow} from './cards.ts';

export interface CardMemory {
  totalBytes: Bytes;
  usedBytes: Bytes;
  freeBytes: Bytes;
  reservedBytes: Bytes;
  /** In the order of the input; what the driver did not tell of a process is nothing. */
  processes: readonly Bytes[];
}

/**
 * One picture of a card that adds up: used + free + reserved = total exactly, and processes hold at most what
 * is used. The driver rounds each number to MiB and is asked for processes a moment later, so: free is the
 * smaller of what it says and what the others leave, the rounding goes to reserved, and processes that hold
 * more than is used raise it. Undefined when the driver tells neither used nor free. Pure.
 */
export function shareOutCard(
  card: Pick<CardRow, 'totalBytes' | 'usedBytes' | 'freeBytes' | 'reservedBytes'>,
  held: readonly (number | undefined)[],
): CardMemory | undefined {
  const {totalBytes: total} = card;
  if (total === undefined || total === 0) return undefined;
  const reserved = Math.min(card.reservedBytes ?? 0, total);
  const room = total - reserved;
  const told = card.usedBytes ?? (card.freeBytes === undefined ? undefined : room - card.freeBytes);
  if (told === undefined) return undefined;
  const sum = held.reduce<number>((all, one) => all + (one ?? 0), 0);
  const used = Math.min(room, Math.max(0, told, sum));
  const free = Math.max(0, Math.min(card.freeBytes ?? Infinity, room - used));
  const shrink = sum > used ? used / sum : 1;
  return {
    totalBytes: total,
    usedBytes: bytes(used),
    freeBytes: bytes(free),
    reservedBytes: bytes(total - Math.round(used) - Math.round(free)),
    processes: held.map((one) => bytes(Math.floor((one ?? 0) * shrink))),
  };
}
