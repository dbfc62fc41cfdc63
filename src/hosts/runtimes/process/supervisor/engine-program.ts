import {randomBytes} from 'node:crypto';
import {minutes} from '../../../../base/units.ts';
import type {Upstream} from '../../gateway-order.ts';
import type {EngineSpec} from '../../runtime.ts';
import {fillArgv, fillEnvironment, type Access} from '../environment.ts';
import {SupervisorFailure} from '../wire.ts';
import {Child} from './child.ts';
import {chooseFreePort, portIsTaken} from './free-port.ts';
import {untilHealthy} from './health.ts';
import type {LogFile} from './log-file.ts';
import {Program, type ProgramOptions} from './program.ts';
import type {Surroundings} from './surroundings.ts';

/** A kept engine that is not ready by then hangs: it is ended and counts as a crash. */
const LOAD_DEADLINE = minutes(20);

export const engineName = (release: number): string => `engine-${release}`;

/** An engine over all its runs. Each run has its own port and token. */
export class EngineProgram {
  readonly name: string;
  readonly spec: EngineSpec;
  readonly program: Program;
  readonly #surroundings: Surroundings;
  readonly #log: LogFile;
  #access: Access | undefined;

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
      // Between the choice of a port and its use, another program may have been quicker.
      unlucky: async () => this.#access !== undefined && (await portIsTaken(this.#access.port)),
      ...on,
      say: surroundings.say,
    });
  }

  /** Where the gateway finds it. Fails when it does not run. */
  get upstream(): Upstream {
    const {origin, token} = this.endpoint;
    const {release, model, concurrency} = this.spec;
    return {release, origin, token, model, ...(concurrency !== undefined && {concurrency})};
  }

  get endpoint(): {origin: string; token: string} {
    const {state} = this.program;
    if (!this.#access || state?.state !== 'running') {
      const lastLines = state && state.state !== 'running' ? state.lastExit.lastLines : [];
      throw new SupervisorFailure({code: 'engine_gone', name: this.name, lastLines});
    }
    return {origin: `http://127.0.0.1:${this.#access.port}`, token: this.#access.token};
  }

  async end(grace: number): Promise<void> {
    await this.program.end(grace);
    this.#log.close();
  }

  async #launch(): Promise<{child: Child; healthy: Promise<boolean>}> {
    const access: Access = {
      address: '127.0.0.1',
      port: await chooseFreePort(),
      token: randomBytes(32).toString('base64url'),
    };
    this.#access = access;
    const child = new Child({
      argv: fillArgv(this.spec.argv, access),
      env: {...this.#surroundings.env, ...fillEnvironment(this.spec.env, access)},
      cwd: this.#surroundings.cwd,
      log: this.#log,
    });
    this.#surroundings.note(child);
    return {child, healthy: this.#watchHealth(child, access)};
  }

  async #watchHealth(child: Child, access: Access): Promise<boolean> {
    const ended = new AbortController();
    void child.exited.then(() => ended.abort());
    const target = {...access, path: this.spec.healthPath};
    const healthy = await untilHealthy(target, LOAD_DEADLINE, ended.signal);
    if (!healthy) child.kill();
    return healthy;
  }
}
