import {randomBytes} from 'node:crypto';
import {connect} from 'node:net';
import {setTimeout as delay} from 'node:timers/promises';
import type Dockerode from 'dockerode';
import {hearJsonLines} from '../../../../base/json-lines.ts';
import {SUPERVISOR_SOCKET} from '../../../../base/supervisor-channel.ts';
import type {ContainerNeeds, EngineSpec, GatewaySpec, ProgramSpec} from '../../runtime.ts';
import {removeContainer} from '../../../docker/container.ts';
import {apiStatus, saysPortTaken} from '../../../docker/failures.ts';
import {Child} from '../../process/supervisor/child.ts';
import type {Committed} from '../../supervisor/committed.ts';
import type {LogFile} from '../../supervisor/logs/log-file.ts';
import type {DeploymentPaths} from '../../supervisor/paths.ts';
import {
  AddressTaken,
  type EngineRun,
  type GatewayRun,
  type Run,
  type Starter,
} from '../../supervisor/programs/starter.ts';
import {engineContainer, gatewayContainer, tokenIn} from '../containers.ts';
import {ENGINE_PORT, LABEL, networksOf, RUN_FOLDER, specHash, watchName, type Networks} from '../names.ts';
import {ContainerRun} from './container-run.ts';

/** A gateway that has just started may not listen for its supervisor yet. */
const CONNECT_AGAIN_MS = 20;

/** Starts programs as containers, and takes over those that an earlier supervisor left running. */
export class ContainerStarter implements Starter {
  readonly #docker: Dockerode;
  readonly #paths: DeploymentPaths;
  readonly #networks: Networks;
  readonly #adoptable = new Map<string, Dockerode.ContainerInfo>();

  constructor(docker: Dockerode, paths: DeploymentPaths) {
    this.#docker = docker;
    this.#paths = paths;
    this.#networks = networksOf(paths.deployment);
  }

  /** Keeps what the committed release runs on, and removes every other container; tells their names. */
  async takeOver(committed: Committed | undefined): Promise<{kept: string[]; removed: string[]}> {
    const wanted = new Set(committed ? [specHash(committed.engine), specHash(committed.gateway)] : []);
    const left = await this.#docker.listContainers({
      all: true,
      filters: {label: [`${LABEL.deployment}=${this.#paths.deployment}`]},
    });
    const kept: string[] = [];
    const removed: string[] = [];
    for (const found of left) {
      if (found.Labels[LABEL.role] === 'watch') continue;
      const name = found.Names[0]?.slice(1) ?? found.Id;
      const hash = found.Labels[LABEL.spec] ?? '';
      if (found.State === 'running' && wanted.has(hash) && !this.#adoptable.has(hash)) {
        this.#adoptable.set(hash, found);
        kept.push(name);
      } else {
        await removeContainer(this.#docker.getContainer(found.Id));
        removed.push(name);
      }
    }
    return {kept, removed};
  }

  async engine(spec: EngineSpec, name: string, log: LogFile): Promise<EngineRun> {
    const adopted = this.#adopt(spec);
    if (adopted) {
      const {Config} = await adopted.inspect();
      return this.#engineRun(await ContainerRun.of(this.#docker, adopted, log), tokenIn(Config.Env) ?? '');
    }
    const token = randomBytes(32).toString('base64url');
    const access = {address: '0.0.0.0', port: ENGINE_PORT, token};
    const options = engineContainer(this.#paths, spec, needsOf(spec), access);
    const container = await this.#create(name, options);
    return this.#engineRun(await this.#start(container, log), token);
  }

  async gateway(spec: GatewaySpec, log: LogFile, hear: (message: unknown) => void): Promise<GatewayRun> {
    const adopted = this.#adopt(spec);
    if (adopted) {
      const {Config} = await adopted.inspect();
      const socket = supervisorSocketIn(Config.Env);
      return new GatewayChannel(await ContainerRun.of(this.#docker, adopted, log), socket, spec.url, hear);
    }
    const mark = randomBytes(4).toString('hex');
    const socket = `${RUN_FOLDER}/gateway-${mark}.sock`;
    const container = await this.#create(
      `gateway-${mark}`,
      gatewayContainer(this.#paths, spec, needsOf(spec), socket),
    );
    try {
      await this.#docker.getNetwork(this.#networks.inside).connect({Container: container.id});
    } catch (error) {
      await removeContainer(container);
      throw error;
    }
    return new GatewayChannel(await this.#start(container, log), socket, spec.url, hear);
  }

  /** The one program that is no container: it lives in the supervisor's, which may see the host. */
  watch({argv, env}: ProgramSpec, log: LogFile, hear: (message: unknown) => void): Promise<GatewayRun> {
    const inherited = {PATH: process.env.PATH ?? '', HOME: '/tmp'};
    const options = {argv, env: {...inherited, ...env}, cwd: '/tmp', log, onMessage: hear};
    return Promise.resolve(new Child(options));
  }

  /** The deployment's own network has no way out: its container joins the other one as well, or leaves it. */
  async outward(wanted: boolean): Promise<void> {
    const own = this.#docker.getContainer(watchName(this.#paths.deployment));
    const {Id, NetworkSettings} = await own.inspect();
    const {door} = this.#networks;
    if (wanted === door in NetworkSettings.Networks) return;
    const network = this.#docker.getNetwork(door);
    await (wanted ? network.connect({Container: Id}) : network.disconnect({Container: Id}));
  }

  pidsOf(runs: readonly Run[]): Promise<number[][]> {
    return Promise.all(
      runs.map((run) => {
        const own = run instanceof GatewayChannel ? run.run : run;
        return own instanceof ContainerRun ? own.pids() : Promise.resolve([]);
      }),
    );
  }

  #adopt(spec: EngineSpec | GatewaySpec): Dockerode.Container | undefined {
    const hash = specHash(spec);
    const found = this.#adoptable.get(hash);
    // Once: its next run is a new container.
    this.#adoptable.delete(hash);
    return found && this.#docker.getContainer(found.Id);
  }

  async #create(name: string, options: Dockerode.ContainerCreateOptions): Promise<Dockerode.Container> {
    const full = `berth-${this.#paths.deployment}-${name}`;
    try {
      return await this.#docker.createContainer({name: full, ...options});
    } catch (error) {
      if (apiStatus(error) !== 409) throw error;
      // What has this name is a run that ended and could not be removed then.
      await removeContainer(this.#docker.getContainer(full));
      return await this.#docker.createContainer({name: full, ...options});
    }
  }

  async #start(container: Dockerode.Container, log: LogFile): Promise<ContainerRun> {
    try {
      return await ContainerRun.of(this.#docker, container, log);
    } catch (error) {
      await removeContainer(container);
      throw saysPortTaken(error) ? new AddressTaken(error) : error;
    }
  }

  #engineRun(run: ContainerRun, token: string): EngineRun {
    const origin = `http://${run.addressOn(this.#networks.inside)}:${ENGINE_PORT}`;
    // Its port is its own: nobody can be quicker.
    return Object.assign(run, {origin, token, wasUnlucky: () => Promise.resolve(false)});
  }
}

/** A gateway's container, and the line to the program in it. */
class GatewayChannel implements GatewayRun {
  readonly run: ContainerRun;
  readonly #socket: string;
  readonly #url: string;
  readonly #hear: (message: unknown) => void;
  #send: ((text: string) => Promise<boolean>) | undefined;
  #over = false;

  constructor(run: ContainerRun, socket: string, url: string, hear: (message: unknown) => void) {
    this.run = run;
    this.#socket = socket;
    this.#url = url;
    this.#hear = hear;
    void run.exited.then(() => {
      this.#over = true;
    });
    void this.#keepConnected();
  }

  get pid(): number {
    return this.run.pid;
  }

  get since(): Date {
    return this.run.since;
  }

  get exited(): ContainerRun['exited'] {
    return this.run.exited;
  }

  get lastLines(): readonly string[] {
    return this.run.lastLines;
  }

  end(graceMs: number): Promise<void> {
    return this.run.end(graceMs);
  }

  kill(): void {
    this.run.kill();
  }

  async send(message: object): Promise<boolean> {
    return (await this.#send?.(`${JSON.stringify(message)}\n`)) ?? false;
  }

  async #keepConnected(): Promise<void> {
    while (!this.#over) {
      await this.#connection();
      this.#send = undefined;
      await delay(CONNECT_AGAIN_MS);
    }
  }

  /** One connection, from its begin to its end. */
  async #connection(): Promise<void> {
    const {promise: ended, resolve} = Promise.withResolvers<undefined>();
    const socket = connect(this.#socket);
    socket.once('error', () => undefined).once('close', () => resolve(undefined));
    socket.once('connect', () => {
      this.#send = (text) => {
        const {promise, resolve: sent} = Promise.withResolvers<boolean>();
        socket.write(text, (error) => sent(!error));
        return promise;
      };
    });
    void hearJsonLines(socket, (said) => this.#hear(this.#fromOutside(said as object)));
    void this.run.exited.then(() => socket.destroy());
    await ended;
  }

  /** Inside its container the gateway listens everywhere; people reach it where its port is published. */
  #fromOutside(message: object): object {
    return 'ready' in message ? {...message, url: this.#url} : message;
  }
}

function needsOf(spec: EngineSpec | GatewaySpec): ContainerNeeds {
  if (spec.container) return spec.container;
  throw new Error('a program without an image cannot run in a container');
}

const supervisorSocketIn = (env: readonly string[]): string =>
  env.find((entry) => entry.startsWith(`${SUPERVISOR_SOCKET}=`))?.slice(SUPERVISOR_SOCKET.length + 1) ?? '';
