import {minutes} from '../../../../base/units.ts';
import type {Upstream} from '../../gateway-order.ts';
import type {EngineSpec} from '../../runtime.ts';
import type {LogFile} from '../logs/log-file.ts';
import {SupervisorFailure} from '../wire.ts';
import {untilHealthy} from './health.ts';
import {Program, type Launch, type ProgramOptions} from './program.ts';
import type {EngineRun, Surroundings} from './starter.ts';

/** A kept engine that is not ready by then hangs: it is ended and counts as a crash. */
const LOAD_DEADLINE = minutes(20);

export const engineName = (release: number): string => `engine-${release}`;

/** An engine over all its runs. Each run has its own address and token. */
export class EngineProgram {
  readonly name: string;
  readonly spec: EngineSpec;
  readonly program: Program;
  readonly #surroundings: Surroundings;
  readonly #log: LogFile;
  #run: EngineRun | undefined;

  constructor(
    spec: EngineSpec,
    keep: boolean,
    surroundings: Surroundings,
    on: Required<Pick<ProgramOptions, 'onHealthy' | 'onEnded'>>,
  ) {
    this.name = engineName(spec.release);
    this.spec = spec;
    this.#surroundings = surroundings;
    this.#log = surroundings.openLog(this.name);
    this.program = new Program({
      name: this.name,
      keep,
      launch: () => this.#launch(),
      unlucky: async () => (await this.#run?.wasUnlucky()) ?? false,
      ...on,
      say: surroundings.say,
    });
  }

  /** Where the gateway finds it. Fails when it does not run. */
  get upstream(): Upstream {
    const {origin, token} = this.endpoint;
    const {release, model, concurrency, capsOutput} = this.spec;
    return {
      ...{release, origin, token, model},
      ...(concurrency !== undefined && {concurrency}),
      ...(capsOutput !== undefined && {capsOutput}),
    };
  }

  get endpoint(): {origin: string; token: string} {
    const {state} = this.program;
    if (!this.#run || state?.state !== 'running') {
      const lastLines = state && state.state !== 'running' ? state.lastExit.lastLines : [];
      throw new SupervisorFailure({code: 'engine_gone', name: this.name, lastLines});
    }
    const {origin, token} = this.#run;
    return {origin, token};
  }

  async end(grace: number): Promise<void> {
    await this.program.end(grace);
    this.#log.close();
  }

  async #launch(): Promise<Launch> {
    const run = await this.#surroundings.starter.engine(this.spec, this.name, this.#log);
    this.#run = run;
    return {run, healthy: this.#watchHealth(run)};
  }

  async #watchHealth(run: EngineRun): Promise<boolean> {
    const ended = new AbortController();
    void run.exited.then(() => ended.abort());
    const target = {origin: run.origin, token: run.token, path: this.spec.healthPath};
    const healthy = await untilHealthy(target, LOAD_DEADLINE, ended.signal);
    if (!healthy) run.kill();
    return healthy;
  }
}
