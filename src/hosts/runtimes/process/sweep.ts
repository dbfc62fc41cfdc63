import {readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {isAlive, markedProcesses, signalProcess, type ProcessIdentity} from '../../local/processes.ts';
import {DEPLOYMENT_MARK, RUN_MARK, SUPERVISOR_RUN, type DeploymentPaths} from '../supervisor/paths.ts';

/**
 * Ends whatever is left of a deployment whose supervisor is gone: processes that carry its mark, and
 * those that the last supervisor wrote down, if they are still the same ones. Call it only while
 * holding the deployment's claim. Returns the ids of what was ended.
 */
export async function sweep(paths: DeploymentPaths, grace: number): Promise<number[]> {
  const left = new Map<number, ProcessIdentity>();
  for (const found of markedProcesses(DEPLOYMENT_MARK, paths.folder)) {
    // Without the claim it is not in charge: it has just lost the race to start, and ends by itself.
    if (found.environment.get(RUN_MARK) !== SUPERVISOR_RUN) left.set(found.pid, found);
  }
  for (const noted of notedPrograms(paths.programs)) if (isAlive(noted)) left.set(noted.pid, noted);
  left.delete(process.pid);
  await endProcesses([...left.values()], grace);
  return [...left.keys()];
}

/** Ends what one run of a program has left behind: children that outlived it. */
export async function sweepRun(run: string): Promise<void> {
  await endProcesses(markedProcesses(RUN_MARK, run), 0);
}

/** SIGTERM, and SIGKILL after `grace` milliseconds; resolves when all are gone. */
async function endProcesses(processes: readonly ProcessIdentity[], grace: number): Promise<void> {
  if (grace > 0) {
    for (const identity of processes) signalProcess(identity, 'SIGTERM');
    const deadline = performance.now() + grace;
    while (processes.some(isAlive) && performance.now() < deadline) await delay(10);
  }
  for (const identity of processes) signalProcess(identity, 'SIGKILL');
  // What ignores even SIGKILL hangs in the kernel: waiting for it longer helps nobody.
  const deadline = performance.now() + 5000;
  while (processes.some(isAlive) && performance.now() < deadline) await delay(5);
}

function notedPrograms(path: string): ProcessIdentity[] {
  try {
    const noted: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(noted) ? noted.filter(isIdentity) : [];
  } catch {
    // None written, or half a file after a power cut: then those processes died with the power too.
    return [];
  }
}

const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  'started' in value &&
  typeof value.started === 'string';
