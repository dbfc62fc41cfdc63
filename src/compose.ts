/**
 * Builds the parts of Berth, each only when it is first asked for, because a command that needs one
 * part should not pay for loading the others.
 */
import {join} from 'node:path';
import {systemClock, type Clock} from './base/clock.ts';
import {chooseFolders, type Folders} from './base/folders.ts';
import type {Progress} from './base/progress.ts';
import type {Device} from './card/index.ts';
import type {DeployParts} from './deploy/index.ts';
import type {Host} from './hosts/index.ts';
import type {WeightsStore} from './models/index.ts';

export interface Parts {
  clock: Clock;
  folders: Folders;
  /** A machine by its name. Dispose it. */
  host(name: string): Promise<Host>;
  /** What the model shares with its neighbours on that machine: `cpu`, a card's index or UUID, or what answers. */
  device(host: Host, card?: string): Promise<Device>;
  /** Weights on this machine. */
  weights(): Promise<WeightsStore>;
  /** All that deploying to a host takes, with that device. Dispose it: it holds the host. */
  deploy(
    hostName: string,
    progress: Progress,
    signal: AbortSignal,
    card?: string,
  ): Promise<DeployParts & AsyncDisposable>;
}

export function compose(env: NodeJS.ProcessEnv): Parts {
  const clock = systemClock;
  const folders = chooseFolders(env);
  const parts: Parts = {
    clock,
    folders,
    async host() {
      const {openLocalHost} = await import('./hosts/index.ts');
      return openLocalHost({
        stateRoot: folders.state,
        clock,
        compileCache: join(folders.cache, 'compiled'),
        env,
      });
    },
    async device(_host, card) {
      const {localRun, openDevice} = await import('./card/index.ts');
      return openDevice({clock, run: localRun(), card});
    },
    async weights() {
      const {openWeightsStore} = await import('./models/index.ts');
      return openWeightsStore({folder: join(folders.cache, 'weights'), env, clock});
    },
    async deploy(hostName, progress, signal, card) {
      const [host, {findModel, ownModels}, {engineFor}] = await Promise.all([
        parts.host(hostName),
        import('./models/index.ts'),
        import('./engines/index.ts'),
      ]);
      return {
        clock,
        progress,
        signal,
        host,
        device: await parts.device(host, card),
        weights: await parts.weights(),
        findModel: (name, own) => findModel(name, ownModels(own)),
        engine: (name) => engineFor(name, {llamaServer: env.BERTH_LLAMA_SERVER}),
        keyFolder: join(folders.config, 'keys'),
        [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
      };
    },
  };
  return parts;
}
