/**
 * Builds the parts of Berth, each only when it is first asked for, because a command that needs one
 * part should not pay for loading the others.
 */
import {join} from 'node:path';
import {systemClock, type Clock} from './base/clock.ts';
import {chooseFolders, type Folders} from './base/folders.ts';
import type {Progress} from './base/progress.ts';
import type {Device} from './card/index.ts';
import type {DeployParts, Settings} from './deploy/index.ts';
import type {Host, RuntimeKind} from './hosts/index.ts';
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
  /**
   * All that deploying takes. `card` tells the device for the deployment's runtime, in the words of `openDevice`.
   * Dispose it: it holds the host.
   */
  deploy(
    settings: Pick<Settings, 'host' | 'deployment' | 'runtime'>,
    progress: Progress,
    signal: AbortSignal,
    card?: (runtime: RuntimeKind) => string | undefined,
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
    async deploy(settings, progress, signal, card) {
      const [host, {findModel, ownModels}, {engineFor}] = await Promise.all([
        parts.host(settings.host),
        import('./models/index.ts'),
        import('./engines/index.ts'),
      ]);
      const {runtimeFor} = await import('./deploy/index.ts');
      const device = await parts.device(host, card?.(await runtimeFor(host, settings)));
      return {
        clock,
        progress,
        signal,
        host,
        device,
        weights: await parts.weights(),
        findModel: (name, own) => findModel(name, ownModels(own)),
        engine: (name) => engineFor(name, {llamaServer: env.BERTH_LLAMA_SERVER}),
        image: async (name) => {
          const [{openImages}, {buildImage}] = await Promise.all([
            import('./hosts/index.ts'),
            import('./images/index.ts'),
          ]);
          using images = await openImages(() => host.connectDocker());
          const cache = join(folders.cache, 'images');
          const base = env.BERTH_BASE;
          const built = await buildImage({
            name,
            images,
            cache,
            progress,
            signal,
            ...(base !== undefined && {base}),
          });
          return built.reference;
        },
        keyFolder: join(folders.config, 'keys'),
        [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
      };
    },
  };
  return parts;
}
