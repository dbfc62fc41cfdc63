import type {Docker} from '../../docker/docker.ts';
import {apiMessage, apiStatus} from '../../docker/failures.ts';
import {unless} from '../../docker/container.ts';
import {CannotHold, type ContainerHold, type NeighbourAction} from './neighbour.ts';

/** The least that Docker takes; 1024 is what a container has that was started without a wish. */
const LEAST_SHARES = 2;
const USUAL_SHARES = 1024;
/**
 * Shares only decide between containers. An engine that runs beside them as a plain process is protected by a limit:
 * a fifth of a core.
 */
const NANO_CPUS = 200_000_000;
const PERIOD_US = 100_000;
const QUOTA_US = 20_000;
const GONE = 404;

/** How the container is now. Changes nothing. */
export async function prepareContainer(
  docker: Docker,
  action: NeighbourAction,
  id: string,
): Promise<ContainerHold> {
  try {
    const {State, HostConfig} = await docker.raw.getContainer(id).inspect();
    if (!State.Running) throw new CannotHold('its container does not run any more');
    const {CpuShares = 0, NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0} = HostConfig;
    return {
      kind: 'container',
      action,
      id,
      cpu: {shares: CpuShares, nanoCpus: NanoCpus, period: CpuPeriod, quota: CpuQuota},
    };
  } catch (error) {
    if (error instanceof CannotHold) throw error;
    const gone = apiStatus(error) === GONE;
    throw new CannotHold(gone ? 'its container is gone' : apiMessage(error), {cause: error});
  }
}

export async function holdContainer(docker: Docker, hold: ContainerHold, graceMs: number): Promise<void> {
  const container = docker.raw.getContainer(hold.id);
  try {
    switch (hold.action) {
      case 'lower':
        await container.update({
          CpuShares: LEAST_SHARES,
          ...(hold.cpu.nanoCpus > 0
            ? {NanoCpus: Math.min(hold.cpu.nanoCpus, NANO_CPUS)}
            : {CpuPeriod: PERIOD_US, CpuQuota: QUOTA_US}),
        });
        return;
      case 'pause':
        // 409: it is paused already.
        await unless([409], () => container.pause());
        return;
      case 'stop':
        await unless([304, GONE], () => container.stop({t: Math.ceil(graceMs / 1000)}));
    }
  } catch (error) {
    throw new CannotHold(apiMessage(error), {cause: error});
  }
}

/** As it was before; one that is gone has nothing to restore. */
export async function releaseContainer(docker: Docker, {id, action, cpu}: ContainerHold): Promise<void> {
  const container = docker.raw.getContainer(id);
  try {
    switch (action) {
      case 'lower':
        await unless([GONE], () =>
          container.update({
            // Zero would mean "as it is".
            CpuShares: cpu.shares || USUAL_SHARES,
            ...(cpu.nanoCpus > 0
              ? {NanoCpus: cpu.nanoCpus}
              : {CpuPeriod: cpu.period || PERIOD_US, CpuQuota: cpu.quota || -1}),
          }),
        );
        return;
      case 'pause':
        // 409 or 500, by version: it is not paused. Whether it is must be asked, for 500 may mean more.
        if ((await isPaused(docker, id)) === true) await container.unpause();
        return;
      case 'stop':
        return;
    }
  } catch (error) {
    throw new CannotHold(apiMessage(error), {cause: error});
  }
}

/** Undefined when it is gone. */
async function isPaused(docker: Docker, id: string): Promise<boolean | undefined> {
  try {
    return (await docker.raw.getContainer(id).inspect()).State.Paused;
  } catch (error) {
    if (apiStatus(error) === GONE) return undefined;
    throw error;
  }
}
