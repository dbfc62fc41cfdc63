import type {Clock} from '../base/clock.ts';
import type {Progress} from '../base/progress.ts';
import type {Device} from '../card/index.ts';
import type {Engine, EngineName, ImageName} from '../engines/index.ts';
import {
  deployedAs,
  type DeployedAs,
  type Host,
  type Observed,
  type Runtime,
  type RuntimeKind,
} from '../hosts/index.ts';
import type {Model, HostWeights} from '../models/index.ts';
import type {Settings} from './config/settings.ts';

/** What the deploy story is told with. `compose.ts` fills it in; tests may fill in other parts. */
export interface DeployParts {
  clock: Clock;
  progress: Progress;
  /** Aborts when the person interrupts. */
  signal: AbortSignal;
  host: Host;
  device: Device;
  weights: HostWeights;
  /** By its name in the catalogue or in the settings' own `models`, or by a path. */
  findModel(name: string, own: Settings['models']): Model;
  engine(name: EngineName): Engine;
  /** Makes sure that a serving image is on the host; its reference there. */
  image(name: ImageName): Promise<string>;
  /** Sees to it that the very image of an earlier release is on the host. Throws `release_image_gone`. */
  restoreImage(name: ImageName, reference: string): Promise<void>;
  /** What that image is called, before anything is built or sent. */
  imageName(name: ImageName): Promise<string>;
  /** Lets what will be asked on the host start now, while other things are looked at. */
  begin(): void;
  /** Where a gateway of the host is reached from here: a tunnel's end, for a loopback address of another machine. */
  reach(url: string): Promise<string>;
  /** Folder of this client's API keys. */
  keyFolder: string;
  /** What the settings name as `env:NAME` is there. */
  env: NodeJS.ProcessEnv;
}

/** One deployment on its host, and what was seen of it. */
export interface Site {
  name: string;
  runtime: Runtime;
  observed: Observed;
}

/** The runtime that was asked for, else the one that it was deployed to before, else what suits the host. */
export const runtimeFor = (
  {kind}: Pick<Host, 'kind'>,
  {runtime}: Pick<Settings, 'runtime'>,
  present: DeployedAs | undefined,
): RuntimeKind => runtime ?? present?.runtime ?? (kind === 'ssh' ? 'docker' : 'process');

export async function visit(
  {host}: Pick<DeployParts, 'host'>,
  settings: Pick<Settings, 'deployment' | 'runtime'>,
): Promise<Site> {
  const present = settings.runtime ? undefined : await deployedAs(host, settings.deployment);
  const runtime = await host.runtime(runtimeFor(host, settings, present));
  return {name: settings.deployment, runtime, observed: await runtime.observe(settings.deployment)};
}

/** The number of the release that the host has committed to, whether or not it runs now. */
export function committedRelease(observed: Observed): number | undefined {
  return observed.state === 'absent' ? undefined : observed.committedRelease;
}
