import type {ProcessReading} from './device.ts';

/** The processes with these pids, and all that they started, in the order of the reading. */
export function withDescendants(
  processes: readonly ProcessReading[],
  pids: Iterable<number>,
): ProcessReading[] {
  const parents = new Map(processes.map((one) => [one.pid, one.parentPid]));
  const wanted = new Set(pids);
  const belongs = (pid: number): boolean => {
    // A pid that is reused while the list is read could close a circle.
    const seen = new Set<number>();
    for (let at: number | undefined = pid; at !== undefined && !seen.has(at); at = parents.get(at)) {
      if (wanted.has(at)) return true;
      seen.add(at);
    }
    return false;
  };
  // A card's reading leaves out parents that do not use it, and names them instead.
  const named = ({ancestorPids = []}: ProcessReading): boolean => ancestorPids.some((pid) => wanted.has(pid));
  return processes.filter((one) => belongs(one.pid) || named(one));
}
