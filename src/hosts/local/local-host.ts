import type {Clock} from '../../base/clock.ts';
import {BerthError, ExitCode} from '../../base/errors.ts';
import type {Host} from '../host.ts';
import {ProcessRuntime} from '../runtimes/process/process-runtime.ts';
import type {Runtime, RuntimeKind} from '../runtimes/runtime.ts';
import {connectLocalDocker} from './docker.ts';
import {userName} from '../../base/user.ts';
import {localFacts} from './facts.ts';
import {localFiles} from './files.ts';
import {findPortHolder} from './port-holder.ts';

export interface LocalHostOptions {
  /** Absolute folder that holds one folder a deployment. Made when something is first deployed. */
  stateRoot: string;
  clock: Clock;
  /** Folder where Node keeps compiled code, so that programs start faster; none when undefined. */
  compileCache?: string;
  /** Tells where Docker listens, and where its command may be. */
  env: NodeJS.ProcessEnv;
}

/** The machine that this program runs on. */
export function openLocalHost(options: LocalHostOptions): Host {
  const processes = new ProcessRuntime({...options, portHolder: findPortHolder});
  return {
    name: 'local',
    kind: 'local',
    stateRoot: options.stateRoot,
    files: localFiles,
    facts: localFacts,
    portHolder: findPortHolder,
    runtime: (kind) => runtimeOf(kind, processes),
    connectDocker: () => connectLocalDocker(options.env, userName()),
    tunnel: (port) => Promise.resolve({origin: `http://127.0.0.1:${port}`, ...nothingToDispose}),
    ...nothingToDispose,
  };
}

const nothingToDispose = {[Symbol.asyncDispose]: () => Promise.resolve()};

function runtimeOf(kind: RuntimeKind, processes: Runtime): Runtime {
  switch (kind) {
    case 'process':
      return processes;
    case 'docker':
      throw new BerthError({
        code: 'runtime_unavailable',
        what: (t) => t.hosts.dockerUnavailable(),
        try: ['berth deploy --runtime process'],
        exit: ExitCode.usage,
      });
  }
}
