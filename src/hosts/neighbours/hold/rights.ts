import {readQuietly} from '../../local/processes.ts';

/** Bit of the capability to set any nice value. Source: capability.h. */
const CAP_SYS_NICE = 23n;

/**
 * The lowest nice value that this process may give to another of its user's: anybody can lower a priority, but not
 * everybody can raise it again. Source: setpriority(2), RLIMIT_NICE in getrlimit(2).
 */
export function lowestNice(): number {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readQuietly('/proc/self/status') ?? '')?.[1];
  if (capabilities !== undefined && (BigInt(`0x${capabilities}`) >> CAP_SYS_NICE) & 1n) return -20;
  const limit = /^Max nice priority\s+(\d+)/m.exec(readQuietly('/proc/self/limits') ?? '')?.[1];
  // The limit counts from 1 (nice 19) to 40 (nice -20); 0 allows nothing.
  return limit === undefined ? 20 : 20 - Number(limit);
}
