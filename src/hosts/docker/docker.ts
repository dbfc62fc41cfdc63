import type {Duplex} from 'node:stream';
import type Dockerode from 'dockerode';
import {z} from 'zod';
import {bytes, type Bytes} from '../../base/units.ts';
import {openRaw} from './raw.ts';

/** A Docker engine, wherever it is. Dispose it to close its idle streams. */
export interface Docker extends Disposable {
  /** The library itself, for code of src/hosts/ alone: its types do not leave that folder. */
  readonly raw: Dockerode;
  version(): Promise<DockerVersion>;
  info(): Promise<DockerInfo>;
}

export interface DockerVersion {
  /** `28.2.2`. */
  version: string;
  /** Newest API that it speaks, `1.50`. */
  api: string;
  /** `linux` or `windows`, of the engine and so of its containers. */
  os: string;
  /** Architecture in Docker's words: `amd64`, `arm64`. */
  arch: string;
}

export interface DockerInfo {
  /** `overlay2`; `overlayfs` and the like where containerd keeps the images. */
  storageDriver: string;
  /** Images are kept by containerd: their ids are digests of manifests, not of configs. */
  containerdStore: boolean;
  /** Where the engine keeps images and containers, on its own machine. */
  rootFolder: string;
  /** `systemd` or `cgroupfs`. */
  cgroupDriver: string;
  cgroupVersion: string;
  cpus: number;
  memoryBytes: Bytes;
  /** Names of the OCI runtimes, `runc`, `nvidia`. */
  runtimes: readonly string[];
  /** The engine runs without root (rootless mode). */
  rootless: boolean;
}

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Os: z.string(),
  Arch: z.string(),
});

const infoSchema = z.object({
  Driver: z.string(),
  DriverStatus: z
    .array(z.array(z.string()))
    .nullish()
    .transform((rows) => rows ?? []),
  DockerRootDir: z.string(),
  CgroupDriver: z.string().default(''),
  CgroupVersion: z.string().default('1'),
  NCPU: z.number(),
  MemTotal: z.number(),
  Runtimes: z.record(z.string(), z.unknown()).default({}),
  SecurityOptions: z
    .array(z.string())
    .nullish()
    .transform((options) => options ?? []),
});

/**
 * The Docker engine behind `connect`, which opens one stream to it: a socket of this machine, or a channel of an
 * SSH connection. Opens nothing until the first call; streams are used again by later calls.
 */
export function openDocker(connect: () => Promise<Duplex>): Docker {
  const {raw, agent} = openRaw(connect);
  return {
    raw,
    async version() {
      const found = versionSchema.parse(await raw.version());
      return {version: found.Version, api: found.ApiVersion, os: found.Os, arch: found.Arch};
    },
    async info() {
      const found = infoSchema.parse(await raw.info());
      return {
        storageDriver: found.Driver,
        containerdStore: found.DriverStatus.some(([, value]) =>
          value?.startsWith('io.containerd.snapshotter'),
        ),
        rootFolder: found.DockerRootDir,
        cgroupDriver: found.CgroupDriver,
        cgroupVersion: found.CgroupVersion,
        cpus: found.NCPU,
        memoryBytes: bytes(found.MemTotal),
        runtimes: Object.keys(found.Runtimes),
        rootless: found.SecurityOptions.some((option) => option.startsWith('name=rootless')),
      };
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
