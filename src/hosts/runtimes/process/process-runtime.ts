import type {Clock} from '../../../base/clock.ts';
import {BerthError} from '../../../base/errors.ts';
import {ms, seconds, type Duration} from '../../../base/units.ts';
import {waitFor} from '../../../base/wait.ts';
import {isAlive, signalProcess} from '../../local/processes.ts';
import {explainUnwritable} from '../../state-folder.ts';
import type {GatewayOrder, GatewayReply} from '../gateway-order.ts';
import type {GatewaySpec, LogLine, LogOptions, Observed, Runtime, Transition} from '../runtime.ts';
import {claimDeployment} from './claim.ts';
import {readCommitted, writeCommitted} from './committed.ts';
import {Control} from './control.ts';
import {
  explainFailure,
  nothingDeployed,
  otherVersion,
  stateDamaged,
  SupervisorSilent,
  supervisorGone,
  type FindPortHolder,
} from './failures.ts';
import {launchSupervisor, type LaunchSurroundings} from './launcher.ts';
import {readLogs} from './logs/read-logs.ts';
import {deploymentPaths, type DeploymentPaths} from './paths.ts';
import {ProcessTransition} from './process-transition.ts';
import {reachSupervisor} from './record.ts';
import {sweep} from './sweep.ts';
import {PROTOCOL, SupervisorFailure, type CallName, type Calls, type Intent} from './wire.ts';

const ANSWER = seconds(5);
/** The gateway's own deadline to become ready, and some room. */
const START = seconds(30);
/** Time for programs to end: their grace and some room. */
const END = seconds(30);
const SWEEP_GRACE_MS = 2000;

export interface ProcessRuntimeOptions extends LaunchSurroundings {
  clock: Clock;
  portHolder: FindPortHolder;
}

/** Programs as plain processes, kept alive by one detached supervisor per deployment. */
export class ProcessRuntime implements Runtime {
  readonly kind = 'process';
  readonly #options: ProcessRuntimeOptions;

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
  }

  async observe(deployment: string): Promise<Observed> {
    const paths = this.#paths(deployment);
    const control = await this.#find(paths);
    if (control) {
      try {
        const {running} = await this.#call(control, 'observe', {}, ANSWER);
        if (running) return running;
      } catch (error) {
        // It ended while it was asked: then the file tells what remains.
        if (!isGone(error) || isAlive(control.record)) throw error;
      }
    }
    const file = await readCommitted(paths.committed);
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
    const paths = this.#paths(deployment);
    const call = this.#call.bind(this);
    return await this.#withSupervisor(paths, 'begin', signal, async (control) => {
      const handle = await control.open({owner, gateway}, signal);
      return new ProcessTransition(control, handle, call, this.#options.clock);
    });
  }

  async start(deployment: string, signal?: AbortSignal): Promise<void> {
    const paths = this.#paths(deployment);
    const file = await readCommitted(paths.committed);
    switch (file.found) {
      case 'none':
        throw nothingDeployed(deployment);
      case 'damaged':
        throw stateDamaged(paths.committed);
      case 'committed':
        await this.#withSupervisor(paths, 'start', signal, (control) =>
          control.call('start', {}, START, signal),
        );
    }
  }

  async order(deployment: string, order: GatewayOrder): Promise<GatewayReply> {
    const control = await this.#find(this.#paths(deployment));
    if (!control) throw supervisorGone(undefined);
    const deadline = order.order === 'drain' ? ms(order.deadlineMs + ANSWER * 2) : ms(ANSWER * 2);
    return await this.#call(control, 'order', {order}, deadline);
  }

  async stop(deployment: string, drain: Duration): Promise<void> {
    const paths = this.#paths(deployment);
    const control = await this.#find(paths, 'any version');
    if (control) {
      await this.#stopSupervisor(control, drain);
      await this.#untilGone(control);
    }
    await this.#settleStopped(paths);
  }

  async *logs(deployment: string, options: LogOptions): AsyncGenerator<LogLine> {
    yield* readLogs(this.#paths(deployment).logs, options, this.#options.clock);
  }

  async #stopSupervisor(control: Control, drain: Duration): Promise<void> {
    if (control.record.protocol !== PROTOCOL) {
      // Its calls may be others, but every version ends its programs on SIGTERM.
      signalProcess(control.record, 'SIGTERM');
      return;
    }
    try {
      // A supervisor that hangs is found out by a question, not at the end of a long drain.
      await this.#call(control, 'observe', {}, ANSWER);
      await this.#call(control, 'stop', {drainMs: drain}, ms(drain + END));
    } catch (error) {
      if (isGone(error)) return;
      if (!(error instanceof SupervisorSilent)) throw error;
      // It hangs. Its programs end with it, and the sweep ends those that do not.
      signalProcess(control.record, 'SIGKILL');
    }
  }

  /** With no supervisor in charge: ends what is left, and remembers that this is as it should be. */
  async #settleStopped(paths: DeploymentPaths): Promise<void> {
    const file = await readCommitted(paths.committed);
    // A process that ends keeps its claim a moment longer than its place in the process table.
    await using _claim = await waitFor(() => claimDeployment(paths.folder), {
      what: (t) => t.hosts.supervisorStops(),
      deadline: ANSWER,
      clock: this.#options.clock,
      every: ms(10),
    });
    await sweep(paths, SWEEP_GRACE_MS);
    if (file.found !== 'committed' || file.committed.stopped) return;
    await explainUnwritable(paths.committed, () =>
      writeCommitted(paths.committed, {...file.committed, stopped: true}),
    );
  }

  /** Works with the supervisor, starting one where none runs, and once more where it was just ending. */
  async #withSupervisor<T>(
    paths: DeploymentPaths,
    intent: Intent,
    signal: AbortSignal | undefined,
    work: (control: Control) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.#find(paths);
      try {
        const control = found ?? new Control(await launchSupervisor(paths, intent, this.#options, signal));
        return await work(control);
      } catch (error) {
        if (attempt < 3 && found && isGone(error)) await this.#untilGone(found);
        else throw await this.#explain(error);
      }
    }
  }

  async #untilGone(control: Control): Promise<void> {
    await waitFor(() => Promise.resolve(isAlive(control.record) ? undefined : true), {
      what: (t) => t.hosts.supervisorStops(),
      deadline: END,
      clock: this.#options.clock,
      every: ms(10),
    });
  }

  async #find(paths: DeploymentPaths, versions: 'this version' | 'any version' = 'this version') {
    const record = await reachSupervisor(paths, this.#options.clock);
    if (!record) return undefined;
    if (versions === 'this version' && record.protocol !== PROTOCOL) throw otherVersion();
    return new Control(record);
  }

  async #call<Name extends CallName>(
    control: Control,
    name: Name,
    input: Calls[Name]['input'],
    deadline: Duration,
  ): Promise<Calls[Name]['answer']> {
    try {
      return await control.call(name, input, deadline);
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  async #explain(error: unknown): Promise<unknown> {
    return error instanceof SupervisorFailure
      ? await explainFailure(error.failure, this.#options.portHolder)
      : error;
  }

  #paths(deployment: string): DeploymentPaths {
    return deploymentPaths(this.#options.stateRoot, deployment);
  }
}

/** The supervisor ended, or is about to: the one that comes next may be asked again. */
function isGone(error: unknown): boolean {
  if (error instanceof SupervisorFailure) return error.failure.code === 'ending';
  return error instanceof BerthError && (error.code === 'supervisor_gone' || error.code === 'ending');
}
