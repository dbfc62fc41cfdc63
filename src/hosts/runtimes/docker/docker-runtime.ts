import {createInterface} from 'node:readline';
import {Duplex, PassThrough} from 'node:stream';
import type Dockerode from 'dockerode';
import {BerthError, ExitCode} from '../../../base/errors.ts';
import {ms, seconds, type Duration} from '../../../base/units.ts';
import type {Docker} from '../../docker/docker.ts';
import {removeContainer, unless} from '../../docker/container.ts';
import {apiStatus, asking, dockerFailure} from '../../docker/failures.ts';
import type {HostFiles} from '../../host.ts';
import type {
  ContainerNeeds,
  EngineSpec,
  GatewaySpec,
  LogLine,
  LogOptions,
  ProgramSpec,
  Transition,
} from '../runtime.ts';
import {supervisorFailed, SupervisorSilent, otherVersion} from '../supervisor/client/failures.ts';
import {
  END,
  isGone,
  SupervisedRuntime,
  type Launch,
  type SupervisedOptions,
} from '../supervisor/client/supervised-runtime.ts';
import {committedFrom, type CommittedFile} from '../supervisor/committed.ts';
import type {DeploymentPaths} from '../supervisor/paths.ts';
import {SupervisorFailure} from '../supervisor/wire.ts';
import {sightHash, sightOf, watchContainer, type Sight, type WatchAccount} from './containers.ts';
import type {ProgramPreview} from '../preview.ts';
import {previewContainers} from './preview.ts';
import {DockerControl} from './docker-control.ts';
import {DockerTransition} from './docker-transition.ts';
import type {WatchGreeting} from './greeting.ts';
import {LABEL, networksOf, runVolumeOf, watchName} from './names.ts';

const GREETING = seconds(60);
const KEPT_LINES = 20;

export interface DockerRuntimeOptions extends SupervisedOptions {
  docker: Docker;
  files: HostFiles;
  account: () => Promise<WatchAccount>;
  readLogs: (paths: DeploymentPaths, options: LogOptions) => AsyncIterable<LogLine>;
}

/** Programs as containers, kept by a supervisor in a container of the same Docker engine. */
export class DockerRuntime extends SupervisedRuntime<DockerControl> implements Disposable {
  readonly kind = 'docker';
  /** The way to it leads through `docker exec`: a program that has to start first, on a host that may be busy. */
  protected override readonly answer = seconds(20);
  readonly #docker: Dockerode;
  readonly #options: DockerRuntimeOptions;
  readonly #controls = new Map<string, DockerControl>();

  constructor(options: DockerRuntimeOptions) {
    super(options);
    this.#docker = options.docker.raw;
    this.#options = options;
  }

  preview(deployment: string, gateway: GatewaySpec, engine: EngineSpec): ProgramPreview[] {
    return previewContainers(this.paths(deployment), gateway, engine);
  }

  stop(deployment: string, drain: Duration): Promise<void> {
    return asking(() => this.#stop(this.paths(deployment), drain));
  }

  async #stop(paths: DeploymentPaths, drain: Duration): Promise<void> {
    const watch = await this.#inspectWatch(paths);
    const control = watch?.State.Running ? this.#controlOf(watch) : undefined;
    // One of another version is not asked: what it keeps is found by its labels.
    if (control?.speaks) {
      await this.#stopSupervisor(control, drain);
      await this.untilGone(control);
    }
    await this.#settleStopped(paths);
  }

  /** Closes what is open to Docker. */
  [Symbol.dispose](): void {
    for (const control of this.#controls.values()) control.hangUp();
    this.#options.docker[Symbol.dispose]();
  }

  logs(deployment: string, options: LogOptions): AsyncIterable<LogLine> {
    return this.#options.readLogs(this.paths(deployment), options);
  }

  protected async find(paths: DeploymentPaths, launch?: Launch): Promise<DockerControl | undefined> {
    const watch = await this.#inspectWatch(paths);
    if (!watch?.State.Running) return undefined;
    const control = this.#controlOf(watch);
    // A change, or a start, may replace what another version left: its programs go on meanwhile.
    if (launch) return control.speaks && suits(control, launch) ? control : undefined;
    if (!control.speaks) throw otherVersion();
    return control;
  }

  /** A supervisor without a sight of its host knows only the number that it has in its container. */
  protected override pidOf(control: DockerControl): number {
    return control.pid;
  }

  protected async readCommitted(paths: DeploymentPaths): Promise<CommittedFile> {
    return committedFrom(await this.#options.files.read(paths.committed));
  }

  protected launch(paths: DeploymentPaths, launch: Launch, signal?: AbortSignal): Promise<DockerControl> {
    return asking(() => this.#launch(paths, launch, signal), signal);
  }

  async #launch(paths: DeploymentPaths, launch: Launch, signal?: AbortSignal): Promise<DockerControl> {
    const present = await this.#inspectWatch(paths);
    if (present) await removeContainer(this.#docker.getContainer(present.Id));
    const sight = sightOf(watchOf(launch));
    await this.#prepare(paths, sight);
    const {intent} = launch;
    const options = {stateRoot: this.#options.stateRoot, deployment: paths.deployment, intent};
    const account = await this.#options.account();
    const start = async (seen: Sight): Promise<DockerControl> => {
      const created = watchContainer(paths, imageOf(launch), account, options, seen);
      const container = await this.#docker.createContainer({
        name: watchName(paths.deployment),
        ...created,
        // As it was wanted: one that had to do without is not replaced again and again.
        Labels: {...created.Labels, [LABEL.sight]: sightHash(sight)},
      });
      await this.#greeted(container, signal);
      return this.#controlOf(await container.inspect());
    };
    try {
      return await start(sight);
    } catch (error) {
      // An engine of Docker that grants no sight of its host (rootless, or no runtime for cards) serves all the same.
      if (!sight || apiStatus(error) === undefined) throw error;
      return await start(undefined);
    }
  }

  /** One for each watch container, because what is open to it is used again. */
  #controlOf(watch: Dockerode.ContainerInspectInfo): DockerControl {
    const control = this.#controls.get(watch.Id) ?? new DockerControl(this.#docker, watch);
    this.#controls.set(watch.Id, control);
    return control;
  }

  protected override openTransition(control: DockerControl, transition: Transition): Transition {
    return new DockerTransition(control, transition);
  }

  /** The folder, the networks and the volume that the containers of a deployment share. */
  async #prepare(paths: DeploymentPaths, sight: Sight): Promise<void> {
    await this.#options.files.claimFolder(paths.folder);
    // One that is not there would be made by Docker, as root's.
    for (const {path} of sight?.mounts ?? []) await this.#options.files.claimFolder(path);
    const Labels = {[LABEL.deployment]: paths.deployment, [LABEL.state]: paths.folder};
    const {inside, door} = networksOf(paths.deployment);
    const networks = await this.#docker.listNetworks({
      filters: {label: [`${LABEL.deployment}=${paths.deployment}`]},
    });
    const there = new Set(networks.map(({Name}) => Name));
    for (const [Name, Internal] of [
      [inside, true],
      [door, false],
    ] as const) {
      if (!there.has(Name)) await this.#docker.createNetwork({Name, Internal, Labels, CheckDuplicate: true});
    }
    await this.#docker.createVolume({
      Name: runVolumeOf(paths.deployment),
      Labels,
      // Sockets only: in memory, and gone with the last container.
      DriverOpts: {type: 'tmpfs', device: 'tmpfs', o: 'mode=1777,size=16m'},
    });
  }

  /** Starts the watch container and waits for its first line. */
  async #greeted(container: Dockerode.Container, signal?: AbortSignal): Promise<void> {
    const stream = await container.attach({stream: true, stdout: true, stderr: true});
    const output = new PassThrough();
    this.#docker.modem.demuxStream(stream, output, output);
    const limit = AbortSignal.any([AbortSignal.timeout(GREETING), ...(signal ? [signal] : [])]);
    const lines = createInterface({input: output, signal: limit});
    stream.once('end', () => output.end()).once('close', () => output.end());
    const said: string[] = [];
    try {
      await container.start();
      for await (const line of lines) {
        const greeting = greetingIn(line);
        if (greeting?.greeting === 'ready') return;
        if (greeting?.greeting === 'failed') throw new SupervisorFailure(greeting.failure);
        said.push(line);
      }
      signal?.throwIfAborted();
      throw supervisorFailed(said.slice(-KEPT_LINES));
    } catch (error) {
      await removeContainer(container);
      throw error;
    } finally {
      lines.close();
      if (stream instanceof Duplex) stream.destroy();
    }
  }

  async #inspectWatch(paths: DeploymentPaths): Promise<Dockerode.ContainerInspectInfo | undefined> {
    try {
      const watch = await this.#docker.getContainer(watchName(paths.deployment)).inspect();
      const folder = watch.Config.Labels[LABEL.state];
      if (folder !== paths.folder) throw belongsToAnother(paths, folder);
      return watch;
    } catch (error) {
      if (apiStatus(error) === 404) return undefined;
      throw dockerFailure(error);
    }
  }

  async #stopSupervisor(control: DockerControl, drain: Duration): Promise<void> {
    try {
      await this.call(control, 'observe', {}, this.answer);
      await this.call(control, 'stop', {drainMs: drain}, ms(drain + END));
    } catch (error) {
      if (isGone(error)) return;
      if (!(error instanceof SupervisorSilent)) throw error;
      await removeContainer(this.#docker.getContainer(control.id));
    }
  }

  /** With no supervisor in charge: removes what is left, and remembers that this is as it should be. */
  async #settleStopped(paths: DeploymentPaths): Promise<void> {
    const watch = await this.#inspectWatch(paths);
    if (watch) await removeContainer(this.#docker.getContainer(watch.Id));
    const filters = {label: [`${LABEL.deployment}=${paths.deployment}`]};
    for (const {Id} of await this.#docker.listContainers({all: true, filters})) {
      await removeContainer(this.#docker.getContainer(Id));
    }
    for (const {Id} of await this.#docker.listNetworks({filters})) {
      await unless([404, 403], () => this.#docker.getNetwork(Id).remove());
    }
    await unless([404, 409], () => this.#docker.getVolume(runVolumeOf(paths.deployment)).remove());
    const file = await this.readCommitted(paths);
    if (file.found !== 'committed' || file.committed.stopped) return;
    await this.#options.files.write(paths.committed, JSON.stringify({...file.committed, stopped: true}));
  }
}

/** Whether a supervisor that runs can do what is wanted now. */
const suits = (control: DockerControl, launch: Launch): boolean =>
  control.image === imageOf(launch) && control.sight === sightHash(sightOf(watchOf(launch)));

const watchOf = (launch: Launch): ProgramSpec | undefined =>
  launch.intent === 'begin' ? launch.gateway.watch : launch.committed.watch;

/** The supervisor is of the same image as the gateway: both are Berth itself. */
const imageOf = (launch: Launch): string => needsOf(launch).image;

function needsOf(launch: Launch): ContainerNeeds {
  const gateway: GatewaySpec = launch.intent === 'begin' ? launch.gateway : launch.committed.gateway;
  if (gateway.container) return gateway.container;
  throw new Error('the docker runtime needs a gateway in a container');
}

function greetingIn(line: string): WatchGreeting | undefined {
  try {
    return JSON.parse(line) as WatchGreeting;
  } catch {
    // Something else that Node prints at its start.
    return undefined;
  }
}

const belongsToAnother = (paths: DeploymentPaths, folder: string | undefined): BerthError =>
  new BerthError({
    code: 'deployment_of_another',
    what: (t) => t.hosts.deploymentOfAnother({deployment: paths.deployment, folder: folder ?? '?'}),
    why: (t) => t.hosts.deploymentOfAnotherWhy(),
    try: [`berth deploy --name ${paths.deployment}-2`],
    exit: ExitCode.failed,
    details: {folder},
  });
