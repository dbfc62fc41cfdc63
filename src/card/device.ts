import type {Bytes} from '../base/units.ts';
import type {CardFault} from './nvidia/faults.ts';
import type {ThrottleReason} from './nvidia/throttle.ts';

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
  /** Where the driver counts it; other hosts and reboots may count otherwise. */
  index?: number;
  driver?: string;
  /** The newest CUDA that the driver runs, `12.8`. */
  cudaCeiling?: string;
  /** `8.9`. */
  computeCapability?: string;
  /** The driver stays loaded while nobody uses the card. */
  persistence?: boolean;
  /** Why there is no card to share although one is expected: then this device is the CPU instead. */
  faults?: readonly CardFault[];
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
  temperatureC?: number;
  powerW?: number;
  powerLimitW?: number;
  /** Why the clocks are lower than they could be; empty when they are not. */
  throttle?: readonly ThrottleReason[];
  processes: readonly ProcessReading[];
  /**
   * True when the reader sees only the processes of its own PID namespace (it runs in a container without
   * `--pid=host`): those of others are part of `usedBytes`, and nobody owns up to them.
   */
  processesHidden?: boolean;
  /** What could not be read, or what the card asks for, while the rest of the reading is right. */
  faults?: readonly CardFault[];
}

export interface ProcessReading {
  pid: number;
  parentPid?: number;
  name: string;
  /** Command line, secrets and long tails cut. */
  command: string;
  user?: string;
  startedAt?: Date;
  /** When it started, in the kernel's clock ticks after boot: with the pid, what tells it from a later namesake. */
  startTicks?: number;
  /** The lease that it was started under, as `BERTH_LEASE` in its environment says. */
  lease?: string;
  /** Memory of the device that this process alone holds (RAM: proportional share, shared pages not counted twice). */
  usedBytes: Bytes;
  /** Most that was ever resident, pages shared with others included; undefined where the OS does not tell. */
  peakBytes?: Bytes;
  /** CPU time that it has used since it began, in milliseconds. */
  cpuMs?: number;
  /** Container id (64 hex) where its cgroup names one; of several, the one that the host itself started. */
  containerId?: string;
  /** All of them, the outermost first, where containers run inside containers. */
  containerPath?: readonly string[];
  /** What it uses a card for; undefined on a CPU. */
  uses?: 'compute' | 'graphics' | 'both';
  /** PIDs of its parent and of those above, where they are not all part of the reading. */
  ancestorPids?: readonly number[];
}
