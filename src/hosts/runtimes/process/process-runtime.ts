import {ms, type Duration} from '../../../base/units.ts';
import {waitFor} from '../../../base/wait.ts';
import {signalProcess} from '../../local/processes.ts';
import {explainUnwritable} from '../../state-folder.ts';
import type {ProgramPreview} from '../preview.ts';
import type {EngineSpec, GatewaySpec, LogLine, LogOptions, ProgramSpec} from '../runtime.ts';
import {otherVersion, SupervisorSilent} from '../supervisor/client/failures.ts';
import {
  ANSWER,
  END,
  isGone,
  SupervisedRuntime,
  type Launch,
  type SupervisedOptions,
} from '../supervisor/client/supervised-runtime.ts';
import {readCommitted, writeCommitted, type CommittedFile} from '../supervisor/committed.ts';
import {readLogs} from '../supervisor/logs/read-logs.ts';
import type {DeploymentPaths} from '../supervisor/paths.ts';
import {PROTOCOL} from '../supervisor/wire.ts';
import {claimDeployment} from './claim.ts';
import {launchSupervisor, type LaunchSurroundings} from './launcher.ts';
import {ProcessControl} from './process-control.ts';
import {reachSupervisor} from './record.ts';
import {sweep} from './sweep.ts';

const SWEEP_GRACE_MS = 2000;

export type ProcessRuntimeOptions = SupervisedOptions & LaunchSurroundings;

/** Programs as plain processes, kept alive by one detached supervisor per deployment. */
export class ProcessRuntime extends SupervisedRuntime<ProcessControl> {
  readonly kind = 'process';
  readonly #surroundings: LaunchSurroundings;

  constructor(options: ProcessRuntimeOptions) {
    super(options);
    this.#surroundings = options;
  }

  preview(_deployment: string, gateway: GatewaySpec, engine: EngineSpec): ProgramPreview[] {
    const shown = ({argv, env}: ProgramSpec): Omit<ProgramPreview, 'role'> => ({
      argv: [...argv],
      env: {...env},
    });
    // Address, port and secret are drawn at each start: their places stay as they are.
    return [
      {role: 'gateway', ...shown(gateway)},
      {role: 'engine', ...shown(engine)},
    ];
  }

  async stop(deployment: string, drain: Duration): Promise<void> {
    const paths = this.paths(deployment);
    const record = await reachSupervisor(paths, this.clock);
    if (record) {
      const control = new ProcessControl(record);
      await this.#stopSupervisor(control, drain);
      await this.untilGone(control);
    }
    await this.#settleStopped(paths);
  }

  async *logs(deployment: string, options: LogOptions): AsyncGenerator<LogLine> {
    yield* readLogs(this.paths(deployment).logs, options, this.clock);
  }

  protected async find(paths: DeploymentPaths): Promise<ProcessControl | undefined> {
    const record = await reachSupervisor(paths, this.clock);
    if (!record) return undefined;
    if (record.protocol !== PROTOCOL) throw otherVersion();
    return new ProcessControl(record);
  }

  protected async launch(
    paths: DeploymentPaths,
    {intent}: Launch,
    signal?: AbortSignal,
  ): Promise<ProcessControl> {
    return new ProcessControl(await launchSupervisor(paths, intent, this.#surroundings, signal));
  }

  protected readCommitted(paths: DeploymentPaths): Promise<CommittedFile> {
    return readCommitted(paths.committed);
  }

  async #stopSupervisor(control: ProcessControl, drain: Duration): Promise<void> {
    if (control.record.protocol !== PROTOCOL) {
      // Its calls may be others, but every version ends its programs on SIGTERM.
      signalProcess(control.record, 'SIGTERM');
      return;
    }
    try {
      // A supervisor that hangs is found out by a question, not at the end of a long drain.
      await this.call(control, 'observe', {}, ANSWER);
      await this.call(control, 'stop', {drainMs: drain}, ms(drain + END));
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
      clock: this.clock,
      every: ms(10),
    });
    await sweep(paths, SWEEP_GRACE_MS);
    if (file.found !== 'committed' || file.committed.stopped) return;
    await explainUnwritable(paths.committed, () =>
      writeCommitted(paths.committed, {...file.committed, stopped: true}),
    );
  }
}
