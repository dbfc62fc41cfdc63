import type {Host} from './host.ts';
import type {RuntimeKind} from './runtimes/runtime.ts';
import {committedFrom} from './runtimes/supervisor/committed.ts';
import {deploymentPaths} from './runtimes/supervisor/paths.ts';

/** How a deployment was last committed. */
export interface DeployedAs {
  runtime: RuntimeKind;
  /** The number of the release. */
  release: number;
  /** Its engine was given a GPU. */
  onCard: boolean;
}

/** How a deployment was last committed on this host; undefined when it never was. */
export async function deployedAs(
  {files, stateRoot}: Pick<Host, 'files' | 'stateRoot'>,
  deployment: string,
): Promise<DeployedAs | undefined> {
  const file = committedFrom(await files.read(deploymentPaths(stateRoot, deployment).committed));
  if (file.found !== 'committed') return undefined;
  const {container, release} = file.committed.engine;
  return {
    release,
    runtime: container ? 'docker' : 'process',
    onCard: container?.gpus !== undefined,
  };
}
