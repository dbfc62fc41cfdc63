import {readFile} from 'node:fs/promises';
import {systemCode} from '../../../base/errors.ts';
import {isAlive} from '../../local/processes.ts';
import type {DeploymentPaths} from './paths.ts';
import type {SupervisorRecord} from './wire.ts';

/** The supervisor that runs now. A file of one that is gone, or whose process id is another's by now, counts as none. */
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
