import {randomBytes} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {describeError} from '../../../../base/errors.ts';
import {isAlive, markedProcesses, type ProcessIdentity} from '../../../local/processes.ts';
import type {EngineSpec, GatewaySpec, ProgramSpec} from '../../runtime.ts';
import type {LogFile} from '../../supervisor/logs/log-file.ts';
import {DEPLOYMENT_MARK, RUN_MARK, type DeploymentPaths} from '../../supervisor/paths.ts';
import {fillArgv, fillEnvironment} from '../../supervisor/programs/placeholders.ts';
import type {EngineRun, GatewayRun, Run, Starter} from '../../supervisor/programs/starter.ts';
import {Child, type ChildOptions} from './child.ts';
import {chooseFreePort, portIsTaken} from './free-port.ts';

const LOOPBACK = '127.0.0.1';

/** Starts programs as children of this process. */
export class ProcessStarter implements Starter {
  readonly #paths: DeploymentPaths;
  readonly #env: Readonly<Record<string, string>>;
  readonly #say: (line: string) => void;
  #noted: ProcessIdentity[] = [];

  constructor(paths: DeploymentPaths, env: Readonly<Record<string, string>>, say: (line: string) => void) {
    this.#paths = paths;
    this.#env = env;
    this.#say = say;
  }

  async engine(spec: EngineSpec, _name: string, log: LogFile): Promise<EngineRun> {
    const port = await chooseFreePort();
    const token = randomBytes(32).toString('base64url');
    const access = {address: LOOPBACK, port, token};
    const child = this.#start({
      argv: fillArgv(spec.argv, access),
      env: {...this.#env, ...fillEnvironment(spec.env, access)},
      log,
    });
    // Between the choice of a port and its use, another program may have been quicker.
    const wasUnlucky = (): Promise<boolean> => portIsTaken(port);
    return Object.assign(child, {origin: `http://${LOOPBACK}:${port}`, token, wasUnlucky});
  }

  gateway(spec: GatewaySpec, log: LogFile, hear: (message: unknown) => void): Promise<GatewayRun> {
    const env = {...this.#env, ...spec.env};
    return Promise.resolve(this.#start({argv: spec.argv, env, log, onMessage: hear}));
  }

  watch(spec: ProgramSpec, log: LogFile, hear: (message: unknown) => void): Promise<GatewayRun> {
    const env = {...this.#env, ...spec.env};
    return Promise.resolve(this.#start({argv: spec.argv, env, log, onMessage: hear}));
  }

  outward(): Promise<void> {
    return Promise.resolve();
  }

  pidsOf(runs: readonly Run[]): Promise<number[][]> {
    const marked = markedProcesses(DEPLOYMENT_MARK, this.#paths.folder);
    const all = runs.map((run): number[] => {
      if (!(run instanceof Child) || run.pid === undefined) return [];
      const mine = marked.filter(
        ({environment, pid}) => environment.get(RUN_MARK) === run.mark && pid !== run.pid,
      );
      return [run.pid, ...mine.map(({pid}) => pid)];
    });
    return Promise.resolve(all);
  }

  #start(options: Omit<ChildOptions, 'cwd'>): Child {
    const child = new Child({...options, cwd: this.#paths.folder});
    if (child.identity) this.#note(child.identity);
    return child;
  }

  /** Writes down that it was started, for a later supervisor that cannot search environments. */
  #note(identity: ProcessIdentity): void {
    this.#noted = [...this.#noted.filter(isAlive), identity];
    try {
      writeFileSync(this.#paths.programs, JSON.stringify(this.#noted), {mode: 0o600});
    } catch (error) {
      // On Linux the marks in the environment tell the same; a full disk must not stop a restart.
      this.#say(`${this.#paths.programs} could not be written: ${describeError(error)}`);
    }
  }
}
