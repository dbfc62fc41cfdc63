/** What the guard sees in one second. */
export interface Observation {
  /** Wall clock, ms since the epoch. Only its differences are used, and a jump counts for nothing. */
  atMs: number;
  /** How the model is asked and how fast it answers; undefined while no gateway tells. */
  model: ModelLoad | undefined;
  /** Whoever else is on the device and can be named. */
  neighbours: readonly Neighbour[];
  /** CPU cores in use by programs too small to be named. */
  restCores: number;
  /** Leases that are broken now, by the neighbour's key. */
  breaches: readonly Breach[];
}

export interface ModelLoad {
  /** Requests being answered. */
  streams: number;
  /** Some of them are still waiting for their first token: prompts are being read beside the writing. */
  reading: boolean;
  /** Time from one token to the next within a stream in this second; undefined when too few came to tell. */
  interTokenMs: number | undefined;
}

export interface Neighbour {
  /** Stable over seconds: `lease:NAME`, `container:<id>`, `host:<user> <program>`. */
  key: string;
  name: string;
  kind: 'lease' | 'outsider';
  /** CPU cores in use. A program that computes on a card keeps one busy as well. */
  cores: number;
  usedBytes: number;
  /** Wall clock at which it came, where that is known. */
  sinceMs: number | undefined;
}

export interface Breach {
  key: string;
  leasedBytes: number;
  usedBytes: number;
}
