/** What Docker is asked to run, decided apart from running it. */
import type {ContainerCreateOptions, HostConfig} from 'dockerode';
import {mib} from '../../../base/units.ts';
import {SUPERVISOR_SOCKET} from '../../../base/supervisor-channel.ts';
import {imageProgram} from '../../../base/program.ts';
import type {ContainerNeeds, EngineSpec, GatewaySpec, ProgramSpec} from '../runtime.ts';
import type {DeploymentPaths} from '../supervisor/paths.ts';
import {fillArgv, fillEnvironment, type Access} from '../supervisor/programs/placeholders.ts';
import {gpuRequest, OBSERVING, protections, samePlace} from '../../docker/container.ts';
import {PROTOCOL, type Intent} from '../supervisor/wire.ts';
import {
  cacheVolumeOf,
  DOCKER_SOCKET,
  LABEL,
  networksOf,
  RUN_FOLDER,
  runVolumeOf,
  specHash,
  type Role,
} from './names.ts';

/** Nobody in particular: no file of the host belongs to it. */
const NOBODY = '65532:65532';
const WATCH_MEMORY = mib(512);
const GATEWAY_MEMORY = mib(512);

/** What the supervisor in a watch container is told. */
export interface WatchOptions {
  stateRoot: string;
  deployment: string;
  intent: Intent;
}

/** The account that a watch container works as: whose state it keeps, and who may use Docker. */
export interface WatchAccount {
  uid: number;
  gid: number;
  /** The socket of the Docker engine on the host, and the group that may use it. */
  dockerSocket: string;
  dockerGid: number;
}

const labels = (
  paths: DeploymentPaths,
  role: Role,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  [LABEL.deployment]: paths.deployment,
  [LABEL.role]: role,
  [LABEL.state]: paths.folder,
  ...more,
});

/** What a watch container can see of its host beside what the supervisor needs; nothing when undefined. */
export type Sight = Pick<ContainerNeeds, 'mounts' | 'gpus'> | undefined;

export const sightOf = (watch: ProgramSpec | undefined): Sight =>
  watch?.container && {
    mounts: watch.container.mounts,
    ...(watch.container.gpus && {gpus: watch.container.gpus}),
  };

/** What a container with this sight is known by. */
export const sightHash = (sight: Sight): string => (sight ? specHash(sight) : 'none');

/** The rights that looking takes: the host's processes, their memory, its control groups, its cards. */
const seeing = (sight: NonNullable<Sight>) => ({
  PidMode: 'host',
  CgroupnsMode: 'host' as const,
  CapAdd: OBSERVING,
  ...(sight.gpus && {DeviceRequests: [gpuRequest(sight.gpus, ['utility'])]}),
});

/**
 * The supervisor's container: as the user whose state it keeps, with the Docker socket, without a published port.
 * The only one with a restart policy, because it starts the others.
 */
export function watchContainer(
  paths: DeploymentPaths,
  image: string,
  account: WatchAccount,
  options: WatchOptions,
  sight: Sight,
): ContainerCreateOptions {
  return {
    Image: image,
    Cmd: [...imageProgram('hosts/runtimes/docker/watch/main'), JSON.stringify(options)],
    Env: ['HOME=/tmp'],
    User: `${account.uid}:${account.gid}`,
    WorkingDir: '/tmp',
    AttachStdout: true,
    AttachStderr: true,
    Labels: labels(paths, 'watch', {[LABEL.protocol]: String(PROTOCOL)}),
    HostConfig: {
      ...protections(),
      GroupAdd: [String(account.dockerGid)],
      Binds: [
        `${paths.folder}:${paths.folder}`,
        `${account.dockerSocket}:${DOCKER_SOCKET}`,
        `${runVolumeOf(paths.deployment)}:${RUN_FOLDER}`,
        ...samePlace(sight?.mounts ?? []),
      ],
      ...(sight && seeing(sight)),
      Memory: WATCH_MEMORY,
      NetworkMode: networksOf(paths.deployment).inside,
      RestartPolicy: {Name: 'unless-stopped'},
    },
  };
}

/** The gateway: the only container that clients reach. `supervisorSocket` is where its supervisor finds it. */
export function gatewayContainer(
  paths: DeploymentPaths,
  spec: GatewaySpec,
  needs: ContainerNeeds,
  supervisorSocket: string,
): ContainerCreateOptions {
  const {publish} = needs;
  const port = publish && `${publish.port}/tcp`;
  const {door} = networksOf(paths.deployment);
  return {
    ...program(needs),
    Cmd: [...spec.argv],
    Env: environment({...spec.env, [SUPERVISOR_SOCKET]: supervisorSocket}),
    Labels: labels(paths, 'gateway', {[LABEL.spec]: specHash(spec)}),
    ...(port && {ExposedPorts: {[port]: {}}}),
    HostConfig: {
      ...hostConfig(needs),
      Binds: [...samePlace(needs.mounts), `${runVolumeOf(paths.deployment)}:${RUN_FOLDER}`],
      Memory: needs.memoryBytes ?? GATEWAY_MEMORY,
      NetworkMode: door,
      ...(publish &&
        port && {PortBindings: {[port]: [{HostIp: publish.address, HostPort: String(publish.port)}]}}),
    },
  };
}

/** An engine: no published port, no way out of the deployment's own network. */
export function engineContainer(
  paths: DeploymentPaths,
  spec: EngineSpec,
  needs: ContainerNeeds,
  access: Access,
): ContainerCreateOptions {
  return {
    ...program(needs),
    Cmd: fillArgv(spec.argv, access),
    Env: environment({...fillEnvironment(spec.env, access), [TOKEN]: access.token}),
    Labels: labels(paths, 'engine', {
      [LABEL.spec]: specHash(spec),
      [LABEL.release]: String(spec.release),
    }),
    HostConfig: {
      ...hostConfig(needs),
      Binds: [
        ...samePlace(needs.mounts),
        // A volume takes its owner from the folder of the image, so that nobody in particular may write to it.
        ...(needs.cachePath === undefined ? [] : [`${cacheVolumeOf(paths.deployment)}:${needs.cachePath}`]),
      ],
      NetworkMode: networksOf(paths.deployment).inside,
      ...(needs.gpus && {DeviceRequests: [gpuRequest(needs.gpus)]}),
    },
  };
}

/** In the environment of an engine's container, so that a supervisor that adopts it knows its token. */
const TOKEN = 'BERTH_TOKEN';

/** The token of an engine's container, from its environment. */
export const tokenIn = (env: readonly string[]): string | undefined =>
  env.find((entry) => entry.startsWith(`${TOKEN}=`))?.slice(TOKEN.length + 1);

const program = ({image}: ContainerNeeds): ContainerCreateOptions => ({
  Image: image,
  User: NOBODY,
  WorkingDir: '/tmp',
  AttachStdout: true,
  AttachStderr: true,
});

const hostConfig = ({memoryBytes, sharedMemoryBytes}: ContainerNeeds): HostConfig => ({
  ...protections(),
  ...(memoryBytes !== undefined && {Memory: memoryBytes}),
  ...(sharedMemoryBytes !== undefined && {ShmSize: sharedMemoryBytes}),
});

const environment = (env: Readonly<Record<string, string>>): string[] =>
  Object.entries({HOME: '/tmp', ...env}).map(([name, text]) => `${name}=${text}`);
