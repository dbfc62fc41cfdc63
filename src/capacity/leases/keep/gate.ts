import {join} from 'node:path/posix';
import {createTenant, type DockerRun, type Host, type TenantContainers} from '../../../hosts/index.ts';
import {leasesFolder} from '../registry.ts';

/** Where a container finds its gate: an empty file of the host while it is closed. */
const INSIDE = '/run/berth-gate';
const GATE = `while [ ! -s ${INSIDE} ]; do sleep 0.1; done; exec "$@"`;

export interface GatedContainer {
  id: string;
  /** Lets it go on from its entrypoint. */
  open(): Promise<void>;
}

/**
 * Makes a container that waits at its entrypoint: a card's limit can only be set on the control group that it has once
 * it runs. What it starts is asked of Docker, by a first container that is never started. Its image needs `sh`.
 */
export async function createGated(
  host: Pick<Host, 'name' | 'kind' | 'run' | 'files' | 'stateRoot'>,
  containers: TenantContainers,
  run: DockerRun,
  lease: string,
  signal: AbortSignal,
): Promise<GatedContainer> {
  const first = await createTenant(host, run, lease, signal);
  const found = await containers.find(first);
  await containers.remove(first);
  const gate = join(leasesFolder(host.stateRoot), `${lease}.gate`);
  await host.files.write(gate, '', 0o644);
  const id = await createTenant(
    host,
    {
      flags: [...withoutEntrypoint(run.flags), '--entrypoint', '/bin/sh', '--volume', `${gate}:${INSIDE}:ro`],
      image: run.image,
      argv: ['-c', GATE, 'sh', ...(found?.entrypoint ?? []), ...(found?.argv ?? [])],
    },
    lease,
    signal,
  );
  return {
    id,
    async open() {
      // In place: a file put instead of it would be another one than the container sees.
      const {code, stderr} = await host.run(['sh', '-c', 'echo open >"$1"', 'sh', gate]);
      if (code !== 0) throw new Error(`the gate of ${lease} cannot be opened: ${stderr}`);
    },
  };
}

/** The flags but `--entrypoint`, which the gate takes over. Pure. */
export function withoutEntrypoint(flags: readonly string[]): string[] {
  return flags.filter(
    (word, at) => !/^--entrypoint(?:=|$)/.test(word) && !(flags[at - 1] === '--entrypoint'),
  );
}
