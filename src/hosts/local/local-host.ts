import type {Duplex} from 'node:stream';
import type {Clock} from '../../base/clock.ts';
import {chooseFolders} from '../../base/folders.ts';
import type {Host} from '../host.ts';
import {ProcessRuntime} from '../runtimes/process/process-runtime.ts';
import type {HostDocker} from '../docker/host-docker.ts';
import {runHere} from './run.ts';
import {readLogs} from '../runtimes/supervisor/logs/read-logs.ts';
import {connectLocalDocker} from './docker.ts';
import {localDockerAccount} from './docker-account.ts';
import {userName} from '../../base/user.ts';
import {localFacts} from './facts.ts';
import {localFiles, localLargeFile} from './files.ts';
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
  const {env, stateRoot, clock} = options;
  const processes = new ProcessRuntime({...options, portHolder: findPortHolder});
  const connectDocker = (): Promise<Duplex> => connectLocalDocker(env, userName());
  let containers: Promise<HostDocker> | undefined;

  const openContainers = async (): Promise<HostDocker> => {
    const {openHostDocker} = await import('../docker/host-docker.ts');
    return openHostDocker({
      connect: connectDocker,
      stateRoot,
      clock,
      portHolder: findPortHolder,
      files: localFiles,
      account: () => localDockerAccount(env),
      readLogs: (paths, wanted) => readLogs(paths.logs, wanted, clock),
    });
  };
  const docker = (): Promise<HostDocker> => (containers ??= openContainers());

  return {
    name: 'local',
    kind: 'local',
    stateRoot,
    cacheRoot: chooseFolders(env).cache,
    files: localFiles,
    facts: localFacts,
    portHolder: findPortHolder,
    async runtime(kind) {
      switch (kind) {
        case 'process':
          return processes;
        case 'docker':
          return (await docker()).runtime;
      }
    },
    largeFile: localLargeFile,
    run: runHere,
    runInImage: async (program) => (await docker()).runInImage(program),
    connectDocker,
    tunnel: (port) => Promise.resolve({origin: `http://127.0.0.1:${port}`, ...nothingToDispose}),
    async [Symbol.asyncDispose]() {
      (await containers)?.[Symbol.dispose]();
    },
  };
}

const nothingToDispose = {[Symbol.asyncDispose]: () => Promise.resolve()};
