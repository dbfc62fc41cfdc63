import {BerthError, ExitCode} from '../../base/errors.ts';
import type {ProcessReading, Reading} from '../../card/index.ts';
import {
  openTenantContainers,
  parseDockerRun,
  startsOf,
  type DockerRun,
  type TenantContainer,
  type TenantContainers,
} from '../../hosts/index.ts';
import type {LeaseSubject} from './lease.ts';
import type {LeaseParts} from './parts.ts';
import {commandElsewhere, noContainer, noProcess, taken} from './refusals.ts';

/** Who is to live on a lease, as it was asked for. */
export type WantedTenant =
  | {kind: 'nobody-yet'}
  | {kind: 'container'; name: string}
  | {kind: 'process'; pid: number}
  /** `docker run ...`, or a program of this machine. */
  | {kind: 'command'; argv: readonly [string, ...string[]]};

/** The same, found on the host. */
export type FoundTenant =
  | {kind: 'nobody-yet'}
  | {kind: 'container'; container: TenantContainer}
  | {kind: 'process'; subject: Extract<LeaseSubject, {kind: 'process'}>}
  | {kind: 'docker-run'; run: DockerRun}
  | {kind: 'program'; argv: readonly [string, ...string[]]};

/** Containers of a host, connected to when they are first asked for. */
export class Containers implements Disposable {
  readonly #connect: LeaseParts['host']['connectDocker'];
  #opened: Promise<TenantContainers> | undefined;
  #closed: Disposable | undefined;

  constructor({connectDocker}: Pick<LeaseParts['host'], 'connectDocker'>) {
    this.#connect = connectDocker;
  }

  readonly open = async (): Promise<TenantContainers> => {
    this.#opened ??= openTenantContainers(this.#connect);
    const opened = await this.#opened;
    this.#closed = opened;
    return opened;
  };

  [Symbol.dispose](): void {
    this.#closed?.[Symbol.dispose]();
  }
}

/**
 * Looks for the tenant. A pid inside a container means the container.
 * @throws BerthError `lease_no_container`, `lease_no_process`, `lease_taken` (a part of a deployment),
 * `lease_command_elsewhere` or `usage`.
 */
export async function findTenant(
  {host}: Pick<LeaseParts, 'host'>,
  wanted: WantedTenant,
  containers: Containers,
  reading: Pick<Reading, 'processes'>,
): Promise<FoundTenant> {
  switch (wanted.kind) {
    case 'nobody-yet':
      return wanted;
    case 'container':
      return await foundContainer(wanted.name, containers);
    case 'process': {
      const seen = reading.processes.find(({pid}) => pid === wanted.pid);
      if (seen?.containerId !== undefined) return await foundContainer(seen.containerId, containers);
      return await foundProcess(host, wanted.pid, seen);
    }
    case 'command': {
      const [program, ...rest] = wanted.argv;
      if (/^(?:.*\/)?docker$/.test(program)) return {kind: 'docker-run', run: dockerRun(rest)};
      if (host.kind !== 'local') throw commandElsewhere(host.name, wanted.argv);
      return {kind: 'program', argv: wanted.argv};
    }
  }
}

async function foundContainer(name: string, containers: Containers): Promise<FoundTenant> {
  const container = await (await containers.open()).find(name);
  if (!container) throw noContainer(name);
  if (container.deployment !== undefined) throw taken(container.name, container.deployment);
  return {kind: 'container', container};
}

async function foundProcess(
  host: LeaseParts['host'],
  pid: number,
  seen: ProcessReading | undefined,
): Promise<FoundTenant> {
  const started = (await startsOf(host, [pid])).get(pid);
  if (started === undefined) throw noProcess(pid);
  return {kind: 'process', subject: {kind: 'process', pid, started, argv: [seen?.command ?? `pid ${pid}`]}};
}

function dockerRun(words: readonly string[]): DockerRun {
  const [verb, ...rest] = words[0] === 'container' ? words.slice(1) : words;
  const run = verb === 'run' ? parseDockerRun(rest) : undefined;
  if (run) return run;
  throw new BerthError({
    code: 'usage',
    what: (t) => t.lease.onlyDockerRun({command: `docker ${words.join(' ')}`}),
    try: ['berth lease add comfyui --vram 6GiB -- docker run --gpus all IMAGE'],
    exit: ExitCode.usage,
  });
}

/** What a lease says of a tenant that is there already; `open` of one that is yet to be started. */
export function subjectOf(found: FoundTenant): LeaseSubject {
  switch (found.kind) {
    case 'container':
      return {kind: 'container', id: found.container.id, name: found.container.name};
    case 'process':
      return found.subject;
    case 'nobody-yet':
    case 'docker-run':
    case 'program':
      return {kind: 'open'};
  }
}
