import {createHash, timingSafeEqual} from 'node:crypto';
import {readFileSync, statSync} from 'node:fs';
import type {Clock} from '../../base/clock.ts';
import {systemCode} from '../../base/errors.ts';
import {parseKeys} from './key-file.ts';

/** A revoked key stops working within this time; a new one works at once. Milliseconds. */
const RECHECK_MS = 1000;

export interface KeyRing {
  /** Whether a presented key is one of ours. Takes the same time for every key of one length. */
  accepts(key: string): boolean;
}

/**
 * The hashes of one key file, read again when it changes. While the file is damaged the last good keys stay
 * in force; `report` hears of it once a change.
 */
export function openKeyRing(path: string, clock: Clock, report: (error: unknown) => void): KeyRing {
  let hashes: Buffer[] = [];
  let version = '';
  let checkedAt = Number.NEGATIVE_INFINITY;

  const refresh = (): void => {
    checkedAt = clock.elapsed();
    const seen = fileVersion(path);
    if (seen === version) return;
    version = seen;
    try {
      hashes = parseKeys(readFileSync(path, 'utf8')).map(({hash}) => Buffer.from(hash, 'hex'));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') hashes = [];
      else report(error);
    }
  };

  const matches = (digest: Buffer): boolean => {
    let found = false;
    for (const hash of hashes) found = timingSafeEqual(hash, digest) || found;
    return found;
  };

  return {
    accepts(key) {
      const digest = createHash('sha256').update(key).digest();
      if (clock.elapsed() - checkedAt >= RECHECK_MS) refresh();
      if (matches(digest)) return true;
      refresh();
      return matches(digest);
    },
  };
}

/** Changes whenever the file does: it is always replaced, so its inode is part of it. */
function fileVersion(path: string): string {
  const stat = statSync(path, {throwIfNoEntry: false});
  return stat ? `${stat.ino}:${stat.mtimeMs}:${stat.size}` : 'absent';
}
