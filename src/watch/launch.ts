import {join} from 'node:path';
import {imageProgram, ownProgram} from '../base/program.ts';
import type {ProgramSpec} from '../hosts/index.ts';

/** What the watch is told at its start. They hold no secret. */
export interface WatchSettings {
  deployment: string;
  /** The deployment's own folder on the host. */
  stateFolder: string;
  /** Where the host keeps its leases. */
  leasesFolder: string;
  /** `cpu`, or the UUID of a card. */
  device: string;
  /** It looks at the machine from a container. */
  guest: boolean;
}

/** Environment variable that carries the settings, as JSON. */
const SETTINGS = 'BERTH_WATCH';

export interface WatchPlace extends Pick<WatchSettings, 'deployment' | 'stateFolder' | 'device'> {
  /** Folder of all deployments on the host. */
  stateRoot: string;
  /** The image that its supervisor runs in; a plain process when undefined. */
  image?: string;
}

/** How to start the watch of a deployment. Pure. */
export function watchSpec({image, stateRoot, ...rest}: WatchPlace): ProgramSpec {
  const {stateFolder, device} = rest;
  const leasesFolder = join(stateRoot, '.leases');
  const settings: WatchSettings = {...rest, leasesFolder, guest: image !== undefined};
  return {
    argv: image === undefined ? ownProgram('main', import.meta.url) : imageProgram('watch/main'),
    // The same that keeps the gateway small; and no word about `node:sqlite` being young.
    env: {
      [SETTINGS]: JSON.stringify(settings),
      NODE_COMPILE_CACHE: join(stateFolder, 'compile-cache'),
      NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=96 --disable-warning=ExperimentalWarning',
      MALLOC_ARENA_MAX: '1',
    },
    ...(image !== undefined && {
      container: {
        image,
        mounts: [{path: leasesFolder, readOnly: true}],
        ...(device !== 'cpu' && {gpus: [device]}),
      },
    }),
  };
}

/** The settings that a watch was started with. Written by `watchSpec`, so they are not checked again. */
export function readLaunch(env: NodeJS.ProcessEnv): WatchSettings {
  const text = env[SETTINGS];
  if (text === undefined) throw new Error(`${SETTINGS} is not set: the watch is started by its supervisor`);
  return JSON.parse(text) as WatchSettings;
}
