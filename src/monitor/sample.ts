/** One second of a device: who holds what of it, and what the gateway did meanwhile. Bytes and ratios as in card/'s `Reading`. */
export interface Sample {
  /** Wall clock, milliseconds since the epoch. */
  atMs: number;
  device: SampledDevice;
  /** Everyone on the device; together they hold `device.usedBytes`. */
  tenants: readonly SampledTenant[];
  /** When processes were last looked at: every 5 s, and sooner when something came or went. */
  tenantsSeenAtMs: number;
  /** Missing while the gateway does not answer. */
  gateway?: SampledGateway;
}

export interface SampledDevice {
  totalBytes: number;
  usedBytes: number;
  freeBytes: number;
  reservedBytes: number;
  utilizationRatio?: number;
  temperatureC?: number;
  powerW?: number;
  /** When the device said so. A device that has fallen silent keeps its last figures. */
  seenAtMs: number;
}

export type TenantKind = 'model' | 'berth' | 'lease' | 'outsider' | 'rest' | 'unattributed';

export interface SampledTenant {
  /** The same over samples: `model`, `berth`, `lease:NAME`, `container:<64 hex>`, `host:<user> <program>`, `rest`, `unattributed`. */
  key: string;
  kind: TenantKind;
  name: string;
  usedBytes: number;
  /** Cores in use since processes were looked at before. */
  cpuRatio?: number;
  pids: readonly number[];
  containerId?: string;
  user?: string;
  /** Start of its oldest process. */
  sinceMs?: number;
  /** Of its largest process. */
  command?: string;
}

/** The gateway since the last sample. */
export interface SampledGateway {
  /** Requests being answered, and waiting for a place or for a route, at its end. */
  running: number;
  queued: number;
  held: number;
  tokensPerSecond: number;
  /** Requests that ended. */
  requestsPerSecond: number;
  /** Server errors among the requests that a client did nothing wrong about; missing when none ended. */
  errorRatio?: number;
  /** Time to first token. */
  ttftMs?: Spans;
  /** Time between two tokens of a stream: its mean in this second, counted once a token. */
  tpotMs?: Spans;
}

/** Of `count` values, at most 1 % off. */
export interface Spans {
  p50: number;
  p99: number;
  max: number;
  count: number;
}
