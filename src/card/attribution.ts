import type {ProcessReading} from './device.ts';

/** Whose a container is, as the caller knows it from the runtime's labels or from its leases. */
export interface ContainerOwner {
  /** 64 hex digits, or their first 12 or more. */
  containerId: string;
  kind: 'deployment' | 'lease';
  name: string;
}

export type Owner =
  | {kind: 'deployment' | 'lease'; name: string; containerId: string}
  /** A container that nobody has claimed. */
  | {kind: 'container'; containerId: string}
  /** No container: a program of the host itself. */
  | {kind: 'host'};

/**
 * The owner of a process. Where containers run inside containers, its group names several: the innermost that
 * somebody has claimed wins, else the outermost, which is the one that the host's own runtime knows. Pure.
 */
export function ownerOf(
  process: Pick<ProcessReading, 'containerId' | 'containerPath'>,
  owners: readonly ContainerOwner[],
): Owner {
  const path = process.containerPath ?? (process.containerId === undefined ? [] : [process.containerId]);
  for (const containerId of path.toReversed()) {
    const owner = owners.find(
      (one) => one.containerId.length >= 12 && containerId.startsWith(one.containerId),
    );
    if (owner) return {kind: owner.kind, name: owner.name, containerId};
  }
  const [outermost] = path;
  return outermost === undefined ? {kind: 'host'} : {kind: 'container', containerId: outermost};
}

/**
 * Who a process is that nobody has claimed: one container is one tenant, and outside of containers one user's
 * processes of one name. `container:<64 hex>` or `host:<user> <name>`. Pure.
 */
export function outsiderKey(
  process: Pick<ProcessReading, 'containerId' | 'containerPath' | 'user' | 'name'>,
): string {
  const owner = ownerOf(process, []);
  return owner.kind === 'host'
    ? `host:${process.user ?? ''} ${process.name}`
    : `container:${owner.containerId}`;
}
