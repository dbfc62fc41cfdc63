import {BerthError} from '../base/errors.ts';
import {openTenantContainers, type Host} from '../hosts/index.ts';

/** Names of the containers that run on a host, by id; none without Docker, or the right to ask it. */
export async function containerNames(
  host: Pick<Host, 'connectDocker'>,
): Promise<ReadonlyMap<string, string>> {
  try {
    using containers = await openTenantContainers(() => host.connectDocker());
    return await containers.names();
  } catch (error) {
    if (error instanceof BerthError) return new Map();
    throw error;
  }
}
