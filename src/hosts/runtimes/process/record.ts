import {readFile} from 'node:fs/promises';
import type {Clock} from '../../../base/clock.ts';
import {systemCode} from '../../../base/errors.ts';
import {ms} from '../../../base/units.ts';
import {isAlive} from '../../local/processes.ts';
import {knock} from './claim.ts';
import type {DeploymentPaths} from '../supervisor/paths.ts';
import type {Failure, Intent} from '../supervisor/wire.ts';

/** supervisor.json: who the supervisor is and how to speak to it. Mode 0600, for the token. */
export interface SupervisorRecord {
  protocol: number;
  pid: number;
  /** Start of that process, as `identify` tells it. */
  started: string;
  port: number;
  token: string;
}

export interface SupervisorOptions {
  stateRoot: string;
  deployment: string;
  intent: Intent;
}

/** What a new supervisor tells the process that started it. */
export type Greeting = {greeting: 'ready'} | {greeting: 'taken'} | {greeting: 'failed'; failure: Failure};

/** Longest that a supervisor may hold its claim without a readable record: while it starts or ends. */
const RECORD_MS = 10_000;

/**
 * The supervisor that runs now, or undefined when none does. One that is just starting or ending is waited
 * for, and one whose record was lost is asked to write it again.
 */
export async function reachSupervisor(
  paths: DeploymentPaths,
  clock: Clock,
): Promise<SupervisorRecord | undefined> {
  const started = clock.elapsed();
  for (;;) {
    const record = await findSupervisor(paths);
    if (record || !(await knock(paths.folder)) || clock.elapsed() - started > RECORD_MS) return record;
    await clock.sleep(ms(10));
  }
}

/** The supervisor that its record tells of. A record of one that is gone, or whose process id is another's by now, counts as none. */
export async function findSupervisor(paths: DeploymentPaths): Promise<SupervisorRecord | undefined> {
  let text: string;
  try {
    text = await readFile(paths.supervisor, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  const record = parseRecord(text);
  return record && isAlive(record) ? record : undefined;
}

function parseRecord(text: string): SupervisorRecord | undefined {
  try {
    const {protocol, pid, started, port, token} = JSON.parse(text) as Partial<SupervisorRecord>;
    if (!Number.isInteger(pid) || !pid || pid <= 1 || !port || !token || !started || !protocol)
      return undefined;
    return {protocol, pid, started, port, token};
  } catch {
    // A damaged file leads to no supervisor; if one runs, it holds the claim, and that is found out at start.
    return undefined;
  }
}
