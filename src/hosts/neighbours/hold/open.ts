import type {Duplex} from 'node:stream';
import {userName} from '../../../base/user.ts';
import {identify, type ProcessIdentity} from '../../local/processes.ts';
import type {Docker} from '../../docker/docker.ts';
import type * as Containers from './containers.ts';
import type {Hold, NeighbourAction, NeighbourTarget} from './neighbour.ts';
import {holdProcesses, prepareProcesses, releaseProcesses} from './processes.ts';

/** What can be done to the neighbours of a model on this machine. Each call fails with `CannotHold`, or is done. */
export interface Neighbours extends Disposable {
  /** The processes of these ids as they are now, so that a number given anew is never mistaken for them. */
  identify(pids: readonly number[]): ProcessIdentity[];
  /** How things are, and what would be done; it is done by `hold`. */
  prepare(action: NeighbourAction, target: NeighbourTarget): Promise<Hold>;
  /** Does it, or does it again. A stop gives `graceMs` to end by itself. */
  hold(hold: Hold, graceMs: number): Promise<void>;
  /** Puts everything back as it was; `others` are processes that have joined the neighbour since. */
  release(hold: Hold, others: readonly ProcessIdentity[]): Promise<void>;
}

/** `connect` opens a stream to this machine's Docker; it is first called when something concerns a container. */
export function openNeighbours(connect: () => Promise<Duplex>): Neighbours {
  let opened: Promise<{docker: Docker; containers: typeof Containers}> | undefined;
  const containersOf = (): NonNullable<typeof opened> =>
    // Its libraries are large, and most watches never need them.
    (opened ??= Promise.all([import('../../docker/docker.ts'), import('./containers.ts')]).then(
      ([{openDocker}, containers]) => ({docker: openDocker(connect), containers}),
    ));
  return {
    identify: (pids) => pids.flatMap((pid) => identify(pid) ?? []),
    async prepare(action, target) {
      if (target.kind === 'processes') return prepareProcesses(action, target.processes);
      const {docker, containers} = await containersOf();
      return await containers.prepareContainer(docker, action, target.id);
    },
    async hold(hold, graceMs) {
      if (hold.kind === 'processes') {
        await holdProcesses(hold, graceMs);
        return;
      }
      const {docker, containers} = await containersOf();
      await containers.holdContainer(docker, hold, graceMs);
    },
    async release(hold, others) {
      if (hold.kind === 'processes') {
        await releaseProcesses(hold, others);
        return;
      }
      const {docker, containers} = await containersOf();
      await containers.releaseContainer(docker, hold);
    },
    [Symbol.dispose]: () => void opened?.then(({docker}) => docker[Symbol.dispose]()),
  };
}

/** A stream to this machine's Docker, wherever it listens. */
export async function connectDockerHere(): Promise<Duplex> {
  const {connectLocalDocker} = await import('../../local/docker.ts');
  return await connectLocalDocker(process.env, userName());
}
