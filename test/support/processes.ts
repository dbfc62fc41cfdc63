import {readdir, readFile} from 'node:fs/promises';

/** What runs of a deployment that serves and is not changed: supervisor, gateway, engine and watch. */
export const PROGRAMS = 4;

/** Processes (Linux) whose environment says that they belong to this home: what a deployment has running. */
export async function processesOf(home: string): Promise<{pid: number; command: string}[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
        if (!environment.split('\0').includes(`HOME=${home}`)) return [];
        const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
        // A zombie has no command line any more; it only waits to be reaped.
        return command === '' ? [] : [{pid: Number(pid), command}];
      } catch {
        // It ended while we looked.
        return [];
      }
    }),
  );
  return found.flat();
}
