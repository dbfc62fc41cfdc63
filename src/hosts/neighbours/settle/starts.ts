import type {Host} from '../../host.ts';
import {identify} from '../../local/processes.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * When living processes of a host started, by pid: a text that is only ever compared, on Linux `<boot id>:<tick>`.
 * One that has ended, or whose pid is unknown there, is missing.
 */
export async function startsOf(
  host: Pick<Host, 'kind' | 'run'>,
  pids: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  if (host.kind === 'local') {
    return new Map(
      pids.flatMap((pid) => {
        const identity = identify(pid);
        return identity ? [[pid, identity.started] as const] : [];
      }),
    );
  }
  if (pids.length === 0) return new Map();
  const {stdout} = await host.run(['cat', BOOT_ID, ...pids.map((pid) => `/proc/${pid}/stat`)]);
  return parseStarts(stdout);
}

/** From the boot id and any number of /proc/PID/stat. Pure. */
export function parseStarts(text: string): ReadonlyMap<number, string> {
  const [boot = '', ...stats] = text.split('\n');
  return new Map(
    stats.flatMap((stat) => {
      // The name in field 2 may hold spaces and brackets; the fields after its last bracket are plain.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [pid, state, ticks] = [Number.parseInt(stat, 10), fields[0], fields[19]];
      if (Number.isNaN(pid) || ticks === undefined || state === 'Z' || state === 'X') return [];
      return [[pid, `${boot.trim()}:${ticks}`] as const];
    }),
  );
}
