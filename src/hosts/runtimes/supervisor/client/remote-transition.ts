import type {Clock} from '../../../../base/clock.ts';
import {BerthError} from '../../../../base/errors.ts';
import {Secret} from '../../../../base/secret.ts';
import {minutes, ms, seconds, type Duration} from '../../../../base/units.ts';
import {waitFor} from '../../../../base/wait.ts';
import type {GatewayOrder, GatewayReply} from '../../gateway-order.ts';
import type {Endpoint, EngineSpec, ProgramState, Transition} from '../../runtime.ts';
import type {Control, Handle} from './control.ts';
import type {CallName, Calls} from '../wire.ts';

const ANSWER = seconds(15);
/** The way back may need to load the committed weights again. */
const CLOSE = minutes(15);

type Call = <Name extends CallName>(
  control: Control,
  name: Name,
  input: Calls[Name]['input'],
  deadline: Duration,
) => Promise<Calls[Name]['answer']>;

/** The owner's side of an open change. */
export class RemoteTransition implements Transition {
  readonly #control: Control;
  readonly #handle: Handle;
  readonly #call: Call;
  readonly #clock: Clock;
  readonly #transition: string;

  constructor(control: Control, handle: Handle, call: Call, clock: Clock) {
    this.#control = control;
    this.#handle = handle;
    this.#call = call;
    this.#clock = clock;
    this.#transition = handle.id;
  }

  startEngine(spec: EngineSpec): Promise<{name: string}> {
    return this.#ask('startEngine', {transition: this.#transition, spec}, ANSWER);
  }

  engine(name: string): Promise<ProgramState> {
    return this.#ask('engine', {transition: this.#transition, name}, ANSWER);
  }

  async endpoint(name: string): Promise<Endpoint> {
    const input = {transition: this.#transition, name};
    const {origin, token} = await this.#ask('endpoint', input, ANSWER);
    return {origin, token: new Secret(token)};
  }

  async stopEngine(name: string, grace: Duration): Promise<void> {
    const input = {transition: this.#transition, name, graceMs: grace};
    await this.#ask('stopEngine', input, ms(grace + ANSWER));
  }

  order(order: GatewayOrder): Promise<GatewayReply> {
    const deadline = order.order === 'drain' ? ms(order.deadlineMs + ANSWER) : ANSWER;
    return this.#ask('order', {order}, deadline);
  }

  async route(name: string): Promise<void> {
    await this.#ask('route', {transition: this.#transition, name}, seconds(30));
  }

  async commit(name: string): Promise<void> {
    await this.#ask('commit', {transition: this.#transition, name}, seconds(30));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const input = {transition: this.#transition};
      const {supervisorEnds} = await this.#call(this.#control, 'close', input, CLOSE);
      if (supervisorEnds) await this.#untilSupervisorEnded();
    } catch (error) {
      // With the supervisor went everything it had started; there is nothing left to return from.
      if (!(error instanceof BerthError && OVER.has(error.code))) throw error;
    } finally {
      this.#handle.release();
    }
  }

  async #ask<Name extends CallName>(
    name: Name,
    input: Calls[Name]['input'],
    deadline: Duration,
  ): Promise<Calls[Name]['answer']> {
    try {
      return await this.#call(this.#control, name, input, deadline);
    } catch (error) {
      const over = error instanceof BerthError && error.code === 'transition_over';
      throw (over ? this.#handle.lost() : undefined) ?? error;
    }
  }

  async #untilSupervisorEnded(): Promise<void> {
    await waitFor(async () => ((await this.#control.isAlive()) ? undefined : true), {
      what: (t) => t.hosts.supervisorStops(),
      deadline: seconds(10),
      clock: this.#clock,
      every: ms(10),
    });
  }
}

const OVER = new Set(['supervisor_gone', 'transition_over']);
