import {createHash} from 'node:crypto';

/** Labels of everything that Berth makes in a Docker engine. They are the truth of what runs there. */
export const LABEL = {
  deployment: 'dev.berth.deployment',
  role: 'dev.berth.role',
  /** Folder of the deployment's state on the host: whose deployment it is. */
  state: 'dev.berth.state',
  release: 'dev.berth.release',
  /** Hash of the spec that a container was started from: what a new supervisor knows it by. */
  spec: 'dev.berth.spec',
  /** Hash of what a watch container can see of its host, as it was wanted. */
  sight: 'dev.berth.sight',
  /** What the supervisor in a watch container speaks. */
  protocol: 'dev.berth.protocol',
} as const;

export type Role = 'watch' | 'gateway' | 'engine';

/** Inside every container of ours: the folder that watch and gateway share, and the Docker socket of watch. */
export const RUN_FOLDER = '/run/berth';
export const DOCKER_SOCKET = '/var/run/docker.sock';
/** The supervisor's door, in a folder that only its own container sees. */
export const CONTROL_SOCKET = '/tmp/control.sock';
/** Engines have a network of their own, so all of them can have the same port. */
export const ENGINE_PORT = 8000;

export const watchName = (deployment: string): string => `berth-${deployment}-watch`;

export interface Networks {
  /** Engine, gateway and watch; no way out. */
  inside: string;
  /** The gateway's other side, whose port is published. */
  door: string;
}

export const networksOf = (deployment: string): Networks => ({
  inside: `berth-${deployment}`,
  door: `berth-${deployment}-door`,
});

export const runVolumeOf = (deployment: string): string => `berth-${deployment}-run`;

/** What engines of a deployment keep from one start to the next. */
export const cacheVolumeOf = (deployment: string): string => `berth-${deployment}-cache`;

export const specHash = (spec: object): string =>
  createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16);
