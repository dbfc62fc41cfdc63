import type {Bytes} from '../base/units.ts';

/**
 * What a model and its neighbours share: one GPU, or, on a host without one, its CPU and RAM.
 * Everything above reads either through this interface.
 */
export interface Device {
  facts(): Promise<DeviceFacts>;
  read(): Promise<Reading>;
}

export interface DeviceFacts {
  kind: 'cpu' | 'gpu';
  /** UUID of a GPU; `cpu` otherwise. */
  id: string;
  /** `NVIDIA GeForce RTX 4090 D`, `Intel Xeon (2 cores)`. */
  name: string;
  /** Memory that can be shared out. */
  totalBytes: Bytes;
  /** Physical cores (CPU) or undefined. */
  cores?: number;
}

/** One measurement. `used + free + reserved = total`, exactly. */
export interface Reading {
  at: Date;
  totalBytes: Bytes;
  usedBytes: Bytes;
  /**
   * What a newcomer can get: on Linux RAM this is MemAvailable (caches given back), less the file pages
   * that running programs have mapped: the kernel calls them cache, but they are a model's weights.
   */
  freeBytes: Bytes;
  /** Held back by driver or kernel, not for anyone. */
  reservedBytes: Bytes;
  /** Share of the device's compute in use, 0 to 1; undefined when the device does not say. */
  utilizationRatio?: number;
  processes: readonly ProcessReading[];
}

export interface ProcessReading {
  pid: number;
  parentPid?: number;
  name: string;
  /** Command line, secrets and long tails cut. */
  command: string;
  user?: string;
  startedAt?: Date;
  /** Memory of the device that this process alone holds (RAM: proportional share, shared pages not counted twice). */
  usedBytes: Bytes;
  /** Most that was ever resident, pages shared with others included; undefined where the OS does not tell. */
  peakBytes?: Bytes;
  /** Container id (64 hex) where its cgroup names one. */
  containerId?: string;
}
