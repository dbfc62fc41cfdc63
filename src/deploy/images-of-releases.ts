import {join} from 'node:path/posix';
import type {Host} from '../hosts/index.ts';
import {deploymentFolder} from './history.ts';

/** A tag of an image that Berth builds, wherever in a release it stands. */
const TAG = /\bberth\/[a-z-]+:[0-9a-f]{12}\b/g;

/**
 * Images that retained releases of any deployment on the host name, so that a rollback finds its own. Read as text:
 * also of a release that another version of Berth wrote.
 */
export async function imagesOfReleases(host: Host): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const deployment of await host.files.list(host.stateRoot)) {
    const folder = join(deploymentFolder(host, deployment), 'releases');
    for (const file of await host.files.list(folder)) {
      const text = await host.files.read(join(folder, file));
      for (const [tag] of (text ?? '').matchAll(TAG)) found.add(tag);
    }
  }
  return found;
}
