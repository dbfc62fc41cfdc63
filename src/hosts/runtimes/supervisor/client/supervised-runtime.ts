import type {Clock} from '../../../../base/clock.ts';
import {BerthError} from '../../../../base/errors.ts';
import {ms, seconds, type Duration} from '../../../../base/units.ts';
import {waitFor} from '../../../../base/wait.ts';
import type {GatewayOrder, GatewayReply} from '../../gateway-order.ts';
import type {
  EngineSpec,
  GatewaySpec,
  LogLine,
  LogOptions,
  Observed,
  Runtime,
  RuntimeKind,
  Transition,
} from '../../runtime.ts';
import type {ProgramPreview} from '../../preview.ts';
import type {Committed, CommittedFile} from '../committed.ts';
import {deploymentPaths, type DeploymentPaths} from '../paths.ts';
import {SupervisorFailure, type CallName, type Calls} from '../wire.ts';
import type {Control} from './control.ts';
import {
  explainFailure,
  nothingDeployed,
  stateDamaged,
  supervisorGone,
  type FindPortHolder,
} from './failures.ts';
import {RemoteTransition} from './remote-transition.ts';

/** A question is answered within this time. */
export const ANSWER = seconds(5);
/** The gateway's own deadline to become ready, and some room. */
const START = seconds(30);
/** A supervisor whose door is closed and that is still there after so long has another reason. */
const GOING = seconds(2);
/** Time for programs to end: their grace and some room. */
export const END = seconds(30);

/** Why a supervisor is launched, and with what. */
export type Launch = {intent: 'begin'; gateway: GatewaySpec} | {intent: 'start'; committed: Committed};

export interface SupervisedOptions {
  /** Absolute folder on the host that holds one folder a deployment. */
  stateRoot: string;
  clock: Clock;
  portHolder: FindPortHolder;
}

/** A runtime whose programs are kept by a supervisor on the host: what all of them share. */
export abstract class SupervisedRuntime<C extends Control> implements Runtime {
  abstract readonly kind: RuntimeKind;
  protected readonly clock: Clock;
  /** How long a supervisor may take to answer a question. */
  protected readonly answer: Duration = ANSWER;
  readonly #stateRoot: string;
  readonly #portHolder: FindPortHolder;

  constructor({stateRoot, clock, portHolder}: SupervisedOptions) {
    this.#stateRoot = stateRoot;
    this.clock = clock;
    this.#portHolder = portHolder;
  }

  /**
   * The supervisor that runs, or undefined when none does, or none that could carry out `launch`. Fails with
   * `supervisor_other_version` when one runs that cannot be spoken to, nor replaced.
   */
  protected abstract find(paths: DeploymentPaths, launch?: Launch): Promise<C | undefined>;
  /** Starts a supervisor, or finds the one that another client was quicker to start. */
  protected abstract launch(paths: DeploymentPaths, launch: Launch, signal?: AbortSignal): Promise<C>;
  protected abstract readCommitted(paths: DeploymentPaths): Promise<CommittedFile>;
  abstract preview(deployment: string, gateway: GatewaySpec, engine: EngineSpec): ProgramPreview[];
  abstract stop(deployment: string, drain: Duration): Promise<void>;
  abstract logs(deployment: string, options: LogOptions): AsyncIterable<LogLine>;

  async observe(deployment: string): Promise<Observed> {
    const paths = this.paths(deployment);
    const control = await this.find(paths);
    if (control) {
      try {
        const {running} = await this.call(control, 'observe', {}, this.answer);
        const supervisorPid = this.pidOf(control) ?? running?.supervisorPid;
        if (running) return {...running, ...(supervisorPid !== undefined && {supervisorPid})};
      } catch (error) {
        // It ended while it was asked: then the file tells what remains.
        if (!isGone(error) || !(await this.#goes(control))) throw error;
      }
    }
    const file = await this.readCommitted(paths);
    switch (file.found) {
      case 'none':
        return {state: 'absent'};
      case 'damaged':
        return {state: 'dead'};
      case 'committed': {
        const committedRelease = file.committed.engine.release;
        return {state: file.committed.stopped ? 'stopped' : 'dead', committedRelease};
      }
    }
  }

  async begin(
    deployment: string,
    gateway: GatewaySpec,
    owner: string,
    signal?: AbortSignal,
  ): Promise<Transition> {
    const paths = this.paths(deployment);
    return await this.#withSupervisor(paths, {intent: 'begin', gateway}, signal, async (control) => {
      const handle = await control.open({owner, gateway}, signal);
      return this.openTransition(
        control,
        new RemoteTransition(control, handle, this.call.bind(this), this.clock),
      );
    });
  }

  async start(deployment: string, signal?: AbortSignal): Promise<void> {
    const paths = this.paths(deployment);
    const file = await this.readCommitted(paths);
    switch (file.found) {
      case 'none':
        throw nothingDeployed(deployment);
      case 'damaged':
        throw stateDamaged(paths.committed);
      case 'committed':
        await this.#withSupervisor(paths, {intent: 'start', committed: file.committed}, signal, (control) =>
          control.call('start', {}, START, signal),
        );
    }
  }

  async order(deployment: string, order: GatewayOrder): Promise<GatewayReply> {
    const control = await this.find(this.paths(deployment));
    if (!control) throw supervisorGone(undefined);
    const deadline = order.order === 'drain' ? ms(order.deadlineMs + this.answer * 2) : ms(this.answer * 2);
    return await this.call(control, 'order', {order}, deadline);
  }

  async watch(deployment: string, question: unknown, signal?: AbortSignal): Promise<unknown> {
    const control = await this.find(this.paths(deployment));
    if (!control) throw supervisorGone(undefined);
    const {value} = await this.call(control, 'watch', {question}, this.answer, signal);
    return value;
  }

  /** The supervisor's process on the host, where it cannot know that itself. */
  protected pidOf(_control: C): number | undefined {
    return undefined;
  }

  /** The change as the caller sees it; a runtime whose engines cannot be reached directly wraps it. */
  protected openTransition(_control: C, transition: RemoteTransition): Transition {
    return transition;
  }

  protected async untilGone(control: C): Promise<void> {
    await waitFor(async () => ((await control.isAlive()) ? undefined : true), {
      what: (t) => t.hosts.supervisorStops(),
      deadline: END,
      clock: this.clock,
      every: ms(10),
    });
  }

  /** Whether it goes within moments: a process that is killed closes its door a little before it is gone. */
  async #goes(control: C): Promise<boolean> {
    const deadline = this.clock.elapsed() + GOING;
    while (await control.isAlive()) {
      if (this.clock.elapsed() > deadline) return false;
      await this.clock.sleep(ms(10));
    }
    return true;
  }

  protected async call<Name extends CallName>(
    control: Control,
    name: Name,
    input: Calls[Name]['input'],
    deadline: Duration,
    signal?: AbortSignal,
  ): Promise<Calls[Name]['answer']> {
    try {
      return await control.call(name, input, deadline, signal);
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  protected paths(deployment: string): DeploymentPaths {
    return deploymentPaths(this.#stateRoot, deployment);
  }

  /** Works with the supervisor, starting one where none runs, and once more where it was just ending. */
  async #withSupervisor<T>(
    paths: DeploymentPaths,
    launch: Launch,
    signal: AbortSignal | undefined,
    work: (control: C) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.find(paths, launch);
      try {
        return await work(found ?? (await this.launch(paths, launch, signal)));
      } catch (error) {
        if (attempt < 3 && found && isGone(error)) await this.untilGone(found);
        else throw await this.#explain(error);
      }
    }
  }

  async #explain(error: unknown): Promise<unknown> {
    return error instanceof SupervisorFailure ? await explainFailure(error.failure, this.#portHolder) : error;
  }
}

/** The supervisor ended, or is about to: the one that comes next may be asked again. */
export function isGone(error: unknown): boolean {
  if (error instanceof SupervisorFailure) return error.failure.code === 'ending';
  return error instanceof BerthError && (error.code === 'supervisor_gone' || error.code === 'ending');
}
