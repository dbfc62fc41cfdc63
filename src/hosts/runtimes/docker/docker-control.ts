import type {Agent} from 'node:http';
import type {Duplex} from 'node:stream';
import type Dockerode from 'dockerode';
import {streamAgent} from '../../docker/stream-agent.ts';
import {Control} from '../supervisor/client/control.ts';
import {PROTOCOL} from '../supervisor/wire.ts';
import {imageProgram} from '../../../base/program.ts';
import {execStream} from './exec-stream.ts';
import {sightHash} from './containers.ts';
import {CONTROL_SOCKET, LABEL} from './names.ts';
import {apiStatus} from '../../docker/failures.ts';

const RELAY = imageProgram('hosts/runtimes/docker/relay/main');

/** A supervisor in a watch container, reached through `docker exec`. */
export class DockerControl extends Control {
  /** The watch container. */
  readonly id: string;
  readonly image: string;
  /** Its process on the host. */
  readonly pid: number;
  /** What it was wanted to see of its host: `sightHash`. */
  readonly sight: string;
  readonly #docker: Dockerode;
  readonly #agent: Agent;
  readonly #protocol: string | undefined;

  constructor(docker: Dockerode, watch: Dockerode.ContainerInspectInfo) {
    const open = (): Promise<Duplex> => execStream(docker, watch.Id, [...RELAY, 'unix', CONTROL_SOCKET]);
    // Each is a process in the watch container, so that one idle is enough.
    const agent = streamAgent(open, 1);
    super({options: {host: 'supervisor', agent}, isAlive: () => this.#runs()});
    this.id = watch.Id;
    this.image = watch.Config.Image;
    this.sight = watch.Config.Labels[LABEL.sight] ?? sightHash(undefined);
    this.pid = watch.State.Pid;
    this.#docker = docker;
    this.#agent = agent;
    this.#protocol = watch.Config.Labels[LABEL.protocol];
  }

  /** Whether it and this program understand each other. */
  get speaks(): boolean {
    return this.#protocol === String(PROTOCOL);
  }

  /** A stream to a port on the deployment's own network. */
  connect(address: string, port: number): Promise<Duplex> {
    return execStream(this.#docker, this.id, [...RELAY, 'tcp', address, String(port)]);
  }

  /** Closes what is open to it. */
  hangUp(): void {
    this.#agent.destroy();
  }

  async #runs(): Promise<boolean> {
    try {
      return (await this.#docker.getContainer(this.id).inspect()).State.Running;
    } catch (error) {
      if (apiStatus(error) === 404) return false;
      throw error;
    }
  }
}
