/** The door of hosts/: a machine, and how programs run on it. */
export {openLocalHost, type LocalHostOptions} from './local/local-host.ts';
export {LABELS} from './docker/images/labels.ts';
export {openImages, type Images} from './docker/images/images.ts';
export type {ImageFacts, OwnImage} from './docker/images/facts.ts';
export {addHost, checkHost, examineDocker, openSshHost} from './lazily.ts';
export type {DockerSeen, OwnContainer} from './docker/examine.ts';
export type {AddHostOptions} from './ssh/add-host.ts';
export {hostCheckSchema, type HostCheck, type HostProblem} from './check-schema.ts';
export {hostRegistry, type HostRecord, type HostRegistry} from './registry.ts';
export {shareHosts} from './shared.ts';
export type {SshHost, SshHostOptions} from './ssh/ssh-host.ts';
export type {Asking} from './asking.ts';
export {lockFolder, lockTimes, type Lock, type LockTimes} from './folder-lock.ts';
export {
  openTenantContainers,
  type TenantContainer,
  type TenantContainers,
} from './neighbours/settle/containers.ts';
export {createTenant} from './neighbours/settle/create.ts';
export {parseDockerRun, type DockerRun} from './neighbours/settle/docker-run.ts';
export {hasBegun, notStarted, startGated, type GatedTenant} from './neighbours/settle/start.ts';
export {startsOf} from './neighbours/settle/starts.ts';
export type {Host, HostFacts, HostFiles, ImageProgram, LargeFile, PortHolder, Tunnel} from './host.ts';
export {programPreviewSchema, type ProgramPreview} from './runtimes/preview.ts';
export {deployedAs, type DeployedAs} from './deployed-as.ts';
export type {
  ContainerNeeds,
  Endpoint,
  EngineSpec,
  GatewaySpec,
  LogLine,
  LogOptions,
  Observed,
  ObservedEngine,
  ProgramExit,
  ProgramSpec,
  ProgramState,
  Runtime,
  RuntimeKind,
  Transition,
} from './runtimes/runtime.ts';
export type {Told, WatchHears, WatchSays} from './runtimes/watch-channel.ts';
export type {
  GatewayOrder,
  GatewayReply,
  GatewayStats,
  GatewayWindow,
  Probed,
  Quantiles,
  Upstream,
} from './runtimes/gateway-order.ts';
