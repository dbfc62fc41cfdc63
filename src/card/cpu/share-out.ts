import {bytes, type Bytes} from '../../base/units.ts';
import type {SystemMemory} from './memory.ts';

/** What one process holds, before it is reconciled with what the machine says. */
export interface ProcessMemory {
  usedBytes: number;
  /** The part of it that is pages of mapped files. */
  fileBytes: number;
  /** True when shared pages are counted once over all processes (PSS), false for plain resident size. */
  exact: boolean;
}

export interface SharedOut {
  totalBytes: Bytes;
  usedBytes: Bytes;
  freeBytes: Bytes;
  reservedBytes: Bytes;
  /** In the order of the input. */
  processes: readonly Bytes[];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * Makes one picture of two sources, read moments apart, that adds up: used + free + reserved = total,
 * and the processes' sum is at most used. Exact values win over the machine's own (which may be a
 * moment older); resident sizes, which count shared pages once a process, shrink to what is left.
 */
export function shareOut(memory: SystemMemory, processes: readonly ProcessMemory[]): SharedOut {
  const {limit} = memory;
  const totalBytes = limit?.limitBytes ?? memory.totalBytes;
  const mapped = Math.min(sum(processes.map((one) => one.fileBytes)), memory.mappedFileBytes);
  // A group's kernel memory is charged to the group itself; the machine's is not the group's affair.
  const reserved = limit ? 0 : Math.min(memory.reservedBytes, totalBytes);
  const available = limit
    ? Math.min(memory.availableBytes - mapped, limit.limitBytes - limit.workingSetBytes)
    : memory.availableBytes - mapped;

  const exact = sum(processes.filter((one) => one.exact).map((one) => one.usedBytes));
  const seen = within(totalBytes - reserved - available, 0, totalBytes - reserved);
  const used = within(seen, Math.min(exact, totalBytes - reserved), totalBytes - reserved);
  const estimated = sum(processes.filter((one) => !one.exact).map((one) => one.usedBytes));
  const shrink = estimated > 0 ? Math.min(1, Math.max(0, used - exact) / estimated) : 1;

  return {
    totalBytes: bytes(totalBytes),
    usedBytes: bytes(used),
    freeBytes: bytes(Math.round(totalBytes) - Math.round(used) - Math.round(reserved)),
    reservedBytes: bytes(reserved),
    processes: processes.map((one) => bytes(one.exact ? one.usedBytes : Math.floor(one.usedBytes * shrink))),
  };
}
