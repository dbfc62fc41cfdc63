import {z} from 'zod';
import type {Host} from '../host.ts';
import {LABEL} from '../runtimes/docker/names.ts';
import {openDocker, type DockerInfo, type DockerVersion} from './docker.ts';
import {asking} from './failures.ts';

/** A container that Berth has made, running or not. */
export interface OwnContainer {
  id: string;
  name: string;
  running: boolean;
  /** `watch`, `gateway`, `engine` or `agent`. */
  role: string;
  deployment: string | undefined;
}

/** What a doctor wants to know of a host's Docker. */
export interface DockerSeen extends DockerVersion, DockerInfo {
  containers: readonly OwnContainer[];
}

const listSchema = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    State: z.string(),
    Labels: z.record(z.string(), z.string()),
  }),
);

/** Looks at the Docker of a host. Finds, never changes. Throws why it cannot be used (see `connectDocker`). */
export async function examineDocker(host: Pick<Host, 'connectDocker'>): Promise<DockerSeen> {
  using docker = openDocker(() => host.connectDocker());
  return await asking(async () => {
    const filters = {label: [LABEL.role]};
    const [version, info, listed] = await Promise.all([
      docker.version(),
      docker.info(),
      docker.raw.listContainers({all: true, filters}),
    ]);
    const containers = listSchema.parse(listed).map(({Id, Names, State, Labels}) => ({
      id: Id,
      name: (Names[0] ?? Id.slice(0, 12)).replace(/^\//, ''),
      running: State === 'running',
      role: Labels[LABEL.role] ?? '',
      deployment: Labels[LABEL.deployment],
    }));
    return {...version, ...info, containers};
  });
}
