import type {Host} from './host.ts';
import type {RuntimeKind} from './runtimes/runtime.ts';
import {recordedRuntime} from './runtimes/supervisor/committed.ts';
import {deploymentPaths} from './runtimes/supervisor/paths.ts';

/** The runtime that a deployment was last committed to on this host; undefined when it never was. */
export async function runtimeOn(
  {files, stateRoot}: Pick<Host, 'files' | 'stateRoot'>,
  deployment: string,
): Promise<RuntimeKind | undefined> {
  return recordedRuntime(await files.read(deploymentPaths(stateRoot, deployment).committed));
}
