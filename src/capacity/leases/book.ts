import {readdir, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {describeError, systemCode} from '../../base/errors.ts';
import type {Reading} from '../../card/index.ts';
import {holdingsOf, type Holding} from './holding.ts';
import type {Lease} from './lease.ts';

/**
 * The leases of the machine that a program runs on, for one that looks each second: files are read again only when
 * something was written. It never changes them.
 */
export interface LeaseBook {
  /** Reads what was written since; a file that cannot be read is said once, and passed over until it changes. */
  refresh(): Promise<void>;
  /** Who lives on which lease, by what was read last. */
  holdings(device: string, reading: Reading, but?: ReadonlySet<number>): Holding[];
}

/** `folder`: where the host keeps its leases; it need not be there yet. */
export function openLeaseBook(folder: string, say: (line: string) => void): LeaseBook {
  const read = new Map<string, {mark: string; lease: Lease | undefined}>();

  async function look(file: string): Promise<void> {
    const path = join(folder, file);
    const {mtimeMs, size, ino} = await stat(path);
    const mark = `${ino} ${mtimeMs} ${size}`;
    if (read.get(file)?.mark === mark) return;
    try {
      // What checks a file is large, and most hosts have no lease.
      const {parseLease} = await import('./registry.ts');
      read.set(file, {mark, lease: parseLease(await readFile(path, 'utf8'), path)});
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw error;
      read.set(file, {mark, lease: undefined});
      say(`lease: ${describeError(error)}`);
    }
  }

  return {
    async refresh() {
      const files = (await orNone(readdir(folder)))?.filter((file) => file.endsWith('.json')) ?? [];
      for (const file of read.keys()) if (!files.includes(file)) read.delete(file);
      for (const file of files) {
        // Removed between the two looks.
        if ((await orNone(look(file).then(() => true))) === undefined) read.delete(file);
      }
    },
    holdings(device, reading, but) {
      const leases = [...read.values()].flatMap(({lease}) => lease ?? []);
      return holdingsOf(leases, {device, reading, ...(but && {but})});
    },
  };
}

async function orNone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
