import type {Duration} from '../../../base/units.ts';
import type {GatewayOrder, GatewayReply} from '../gateway-order.ts';
import type {Endpoint, EngineSpec, ProgramState, Transition} from '../runtime.ts';
import type {DockerControl} from './docker-control.ts';
import {openForward} from '../../forward.ts';
import type {Tunnel} from '../../host.ts';

/** A change whose engines are in containers without a published port: they are reached through their watch. */
export class DockerTransition implements Transition {
  readonly #control: DockerControl;
  readonly #transition: Transition;
  readonly #forwards = new Map<string, Promise<Tunnel>>();

  constructor(control: DockerControl, transition: Transition) {
    this.#control = control;
    this.#transition = transition;
  }

  async endpoint(name: string): Promise<Endpoint> {
    const {origin, token} = await this.#transition.endpoint(name);
    const forward = this.#forwards.get(origin) ?? this.#open(origin);
    this.#forwards.set(origin, forward);
    return {origin: (await forward).origin, token};
  }

  startEngine(spec: EngineSpec): Promise<{name: string}> {
    return this.#transition.startEngine(spec);
  }

  engine(name: string): Promise<ProgramState> {
    return this.#transition.engine(name);
  }

  stopEngine(name: string, grace: Duration): Promise<void> {
    return this.#transition.stopEngine(name, grace);
  }

  order(order: GatewayOrder): Promise<GatewayReply> {
    return this.#transition.order(order);
  }

  route(name: string): Promise<void> {
    return this.#transition.route(name);
  }

  commit(name: string): Promise<void> {
    return this.#transition.commit(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#transition[Symbol.asyncDispose]();
    } finally {
      for (const forward of this.#forwards.values()) await (await forward)[Symbol.asyncDispose]();
    }
  }

  #open(origin: string): Promise<Tunnel> {
    const {hostname, port} = new URL(origin);
    return openForward(() => this.#control.connect(hostname, Number(port)));
  }
}
