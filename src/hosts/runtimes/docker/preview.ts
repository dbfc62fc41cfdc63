/** The containers of a deployment before there are any: what Docker would be asked, in short. Pure. */
import type {ContainerCreateOptions} from 'dockerode';
import {SECRET, type ProgramPreview} from '../preview.ts';
import type {ContainerNeeds, EngineSpec, GatewaySpec} from '../runtime.ts';
import type {DeploymentPaths} from '../supervisor/paths.ts';
import {engineContainer, gatewayContainer} from './containers.ts';
import {ENGINE_PORT, RUN_FOLDER} from './names.ts';

export function previewContainers(
  paths: DeploymentPaths,
  gateway: GatewaySpec,
  engine: EngineSpec,
): ProgramPreview[] {
  const access = {address: '0.0.0.0', port: ENGINE_PORT, token: SECRET};
  const named = (name: string): string => `berth-${paths.deployment}-${name}`;
  return [
    shown(
      'gateway',
      // The rest of its name, and of its socket's, is drawn at each start.
      named('gateway-*'),
      gatewayContainer(paths, gateway, needsOf(gateway), `${RUN_FOLDER}/gateway-*.sock`),
    ),
    shown(
      'engine',
      named(`engine-${engine.release}`),
      engineContainer(paths, engine, needsOf(engine), access),
    ),
  ];
}

function needsOf({container}: GatewaySpec | EngineSpec): ContainerNeeds {
  if (container) return container;
  throw new Error('a program without an image cannot run in a container');
}

function shown(role: ProgramPreview['role'], name: string, options: ContainerCreateOptions): ProgramPreview {
  const {Image, Cmd = [], Env = [], User, Labels, HostConfig = {}} = options;
  const {Binds = [], Memory, ShmSize, PidsLimit, NetworkMode, DeviceRequests} = HostConfig;
  const gpus = DeviceRequests?.flatMap(({DeviceIDs}) => DeviceIDs ?? ['all']);
  const ports = Object.values(
    (HostConfig.PortBindings ?? {}) as Record<string, {HostIp: string; HostPort: string}[]>,
  );
  return {
    role,
    name,
    ...(Image !== undefined && {image: Image}),
    argv: [...Cmd],
    env: Object.fromEntries(
      Env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    ),
    ...(User !== undefined && {user: User}),
    mounts: [...Binds],
    ...(gpus && {gpus}),
    limits: {
      ...(Memory !== undefined && {memoryBytes: Memory}),
      ...(ShmSize !== undefined && {sharedMemoryBytes: ShmSize}),
      ...(PidsLimit !== undefined && {processes: PidsLimit}),
    },
    ...(ports.length > 0 && {publish: ports.flat().map(({HostIp, HostPort}) => `${HostIp}:${HostPort}`)}),
    ...(NetworkMode !== undefined && {network: NetworkMode}),
    labels: {...(Labels as Record<string, string> | undefined)},
  };
}
