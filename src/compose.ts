/**
 * Builds the parts of Berth, each only when it is first asked for, because a command that needs one
 * part should not pay for loading the others.
 */
import {join} from 'node:path';
import {systemClock, type Clock} from './base/clock.ts';
import {chooseFolders, type Folders} from './base/folders.ts';
import {silent, type Progress} from './base/progress.ts';
import type {Texts} from './base/texts/index.ts';
import type {Agents} from './agent/index.ts';
import type {Device} from './card/index.ts';
import type {DeployParts, Settings} from './deploy/index.ts';
import type {ImageName} from './engines/index.ts';
import type {EnsureRequest} from './images/index.ts';
import type {
  AddHostOptions,
  Asking,
  DeployedAs,
  Host,
  HostCheck,
  HostRecord,
  HostRegistry,
  RuntimeKind,
} from './hosts/index.ts';
import type {WeightsStore} from './models/index.ts';

export interface Parts {
  clock: Clock;
  folders: Folders;
  /** A machine by its name: this one, or one that is known. Dispose it; whoever asks twice gets the same one. */
  host(name: string): Promise<Host>;
  /** The machines that are known beside this one. */
  hosts(): Promise<HostRegistry>;
  /** Makes a machine known. */
  addHost(wanted: Pick<AddHostOptions, 'name' | 'target' | 'identity' | 'fingerprints'>): Promise<HostRecord>;
  /** What can be proven of a machine; what is wrong is said in these texts. */
  checkHost(name: string, texts: Texts): Promise<HostCheck>;
  /** Reference of an image of this Berth that is on a host already; undefined when there is none. Builds nothing. */
  presentImage(host: Host): Promise<string | undefined>;
  /** What the model shares with its neighbours on that machine: `cpu`, a card's index or UUID, or what answers. */
  device(host: Host, card?: string): Promise<Device>;
  /** Weights on this machine. */
  weights(): Promise<WeightsStore>;
  /**
   * All that deploying takes. `card` tells the device for the deployment's runtime, in the words of `openDevice`.
   * Dispose it: it holds the host.
   */
  deploy(
    settings: Pick<Settings, 'host' | 'deployment' | 'runtime' | 'images'>,
    progress: Progress,
    signal: AbortSignal,
    card?: (runtime: RuntimeKind, present: DeployedAs | undefined) => string | undefined,
  ): Promise<DeployParts & AsyncDisposable>;
}

/** Parts for this environment; `asking` is how a person is asked for a passphrase or a yes. */
export function compose(env: NodeJS.ProcessEnv, asking: Asking): Parts {
  const clock = systemClock;
  const folders = chooseFolders(env);
  let share: ((name: string) => Promise<Host>) | undefined;
  const openHost = async (name: string): Promise<Host> => {
    const {openLocalHost, openSshHost} = await import('./hosts/index.ts');
    if (name === 'local') {
      return openLocalHost({
        stateRoot: folders.state,
        clock,
        compileCache: join(folders.cache, 'compiled'),
        env,
      });
    }
    const record = await (await parts.hosts()).find(name);
    return await openSshHost({record, env, clock, asking});
  };
  /** Serving images on a host, each seen to once a command. */
  const imageMaker = (
    host: Host,
    telling: {progress: Progress; signal: AbortSignal},
    {base, registryPrefix, cuda}: Settings['images'] = {base: {}},
  ): Pick<DeployParts, 'image' | 'imageName' | 'restoreImage'> => {
    const made = new Map<ImageName, Promise<string>>();
    const ask = async <T>(name: ImageName, work: (request: EnsureRequest) => Promise<T>): Promise<T> => {
      const {openImages} = await import('./hosts/index.ts');
      await using here = host.kind === 'local' ? undefined : await openHost('local');
      using target = await openImages(() => host.connectDocker());
      using local = here && (await openImages(() => here.connectDocker()));
      return await work({
        name,
        target,
        ...(local && {local}),
        cache: join(folders.cache, 'images'),
        ...(base[name] !== undefined && {base: base[name]}),
        ...(registryPrefix !== undefined && {registryPrefix}),
        // Berth's own image uses no CUDA.
        ...(cuda !== undefined && name !== 'berth' && {cuda}),
        ...telling,
      });
    };
    const ensure = (name: ImageName): Promise<string> =>
      ask(name, async (request) => {
        const {ensureImage} = await import('./images/index.ts');
        return (await ensureImage(request)).reference;
      });
    return {
      image: (name) => {
        const making = made.get(name) ?? ensure(name);
        made.set(name, making);
        return making;
      },
      imageName: (name) =>
        ask(name, async (request) => {
          const {nameImage} = await import('./images/index.ts');
          return await nameImage(request);
        }),
      restoreImage: (name, reference) =>
        ask(name, async (request) => {
          const {restoreImage} = await import('./images/index.ts');
          await restoreImage({...request, reference});
        }),
    };
  };
  const agents = new WeakMap<Host, Promise<Agents>>();
  /** What is asked on another host. It ends with the connection to that host. */
  const agentsOn = (host: Host, ensureImage: () => Promise<string>): Promise<Agents> => {
    const present = agents.get(host);
    if (present) return present;
    const opening = import('./agent/index.ts').then(({openAgents}) =>
      openAgents({host, presentImage: () => presentImage(host), exactImage: ensureImage, env, clock}),
    );
    agents.set(host, opening);
    return opening;
  };
  /** Reference of an image of this Berth that is on a host already, whatever it was built from. */
  const presentImage = async (host: Host): Promise<string | undefined> => {
    const [{openImages}, {berthVersion}] = await Promise.all([
      import('./hosts/index.ts'),
      import('./base/version.ts'),
    ]);
    using images = await openImages(() => host.connectDocker());
    const own = await images.list();
    return own.find(({name, version}) => name === 'berth' && version === berthVersion())?.references[0];
  };
  const parts: Parts = {
    clock,
    folders,
    host: async (name) => {
      const {shareHosts} = await import('./hosts/index.ts');
      return await (share ??= shareHosts(openHost))(name);
    },
    async hosts() {
      const {hostRegistry} = await import('./hosts/index.ts');
      return hostRegistry(folders.config);
    },
    async addHost(wanted) {
      const {addHost} = await import('./hosts/index.ts');
      return await addHost({...wanted, registry: await parts.hosts(), env, clock, asking});
    },
    async checkHost(name, texts) {
      const {checkHost} = await import('./hosts/index.ts');
      return await checkHost(name, () => parts.host(name), texts);
    },
    presentImage,
    async device(host, card) {
      if (host.kind === 'ssh') {
        const quiet = {progress: silent, signal: new AbortController().signal};
        return (await agentsOn(host, () => imageMaker(host, quiet).image('berth'))).device(card);
      }
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
      const [{runtimeFor}, {deployedAs}, {isLoopback}] = await Promise.all([
        import('./deploy/index.ts'),
        import('./hosts/index.ts'),
        import('./gateway/index.ts'),
      ]);
      const opened = new AsyncDisposableStack();
      opened.use(host);
      const images = imageMaker(host, {progress, signal}, settings.images);
      const there = host.kind === 'ssh' ? await agentsOn(host, () => images.image('berth')) : undefined;
      const present = await deployedAs(host, settings.deployment);
      const device = await parts.device(host, card?.(runtimeFor(host, settings, present), present));
      return {
        clock,
        progress,
        signal,
        host,
        device,
        weights: there?.weights ?? (await parts.weights()),
        findModel: (name, own) => findModel(name, ownModels(own)),
        engine: (name) => engineFor(name, {llamaServer: env.BERTH_LLAMA_SERVER}),
        ...images,
        begin: () => {
          // A container that is being made when the connection ends would stay behind.
          const begun = there?.begin().catch(() => undefined);
          opened.defer(async () => await begun);
        },
        reach: async (url) => {
          const {hostname, port} = new URL(url);
          if (host.kind === 'local' || !isLoopback(hostname)) return url;
          return opened.use(await host.tunnel(Number(port || 80))).origin;
        },
        keyFolder: join(folders.config, 'keys'),
        env,
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    },
  };
  return parts;
}
