import {z} from 'zod';
import {CARD_FAULTS, THROTTLE_REASONS} from '../card/index.ts';
import {sumSchema} from './leases/admission.ts';
import {TIERS} from './leases/lease.ts';
import {pastSchema} from './past/schema.ts';

const byteCount = z.int();
export const quantilesSchema = z.object({
  count: z.int(),
  p50Ms: z.number().optional(),
  p90Ms: z.number().optional(),
  p95Ms: z.number().optional(),
  p99Ms: z.number().optional(),
  maxMs: z.number().optional(),
});

export const tenantSchema = z.object({
  /**
   * `model`: the engine of this deployment. `berth`: its supervisor, gateway and watch. `lease`: a neighbour that bytes are
   * promised to. `outsider`: another program. `rest`: many small ones. `unattributed`: no process owns it.
   */
  kind: z.enum(['model', 'berth', 'lease', 'outsider', 'rest', 'unattributed']),
  /** An outsider: of its container where Docker tells it, else of its largest process. */
  name: z.string(),
  usedBytes: byteCount,
  /** A lease: what it may use, and how that is kept. */
  promisedBytes: byteCount.optional(),
  tier: z.enum(TIERS).optional(),
  /** Highest resident size of its processes, each at its own time, added up: an upper bound. */
  peakBytes: byteCount.optional(),
  processes: z.int(),
  pids: z.array(z.int()),
  user: z.string().optional(),
  command: z.string().optional(),
  containerId: z.string().optional(),
  /** What its processes use a card for, where all of them use it alike. */
  uses: z.enum(['compute', 'graphics', 'both']).optional(),
});
export type Tenant = z.infer<typeof tenantSchema>;

/** What `berth capacity --json` prints. */
export const capacitySchema = z.object({
  schema: z.literal('berth.capacity/1'),
  at: z.iso.datetime(),
  host: z.string(),
  device: z.object({
    kind: z.enum(['cpu', 'gpu']),
    id: z.string(),
    name: z.string(),
    totalBytes: byteCount,
    cores: z.int().optional(),
    utilizationRatio: z.number().optional(),
    /** The rest is told of cards. */
    index: z.int().optional(),
    driver: z.string().optional(),
    /** The newest CUDA that the driver runs. */
    cudaCeiling: z.string().optional(),
    computeCapability: z.string().optional(),
    persistence: z.boolean().optional(),
    temperatureC: z.number().optional(),
    powerW: z.number().optional(),
    powerLimitW: z.number().optional(),
    throttle: z.array(z.enum(THROTTLE_REASONS)).optional(),
    /** Only processes of the reader's own PID namespace are seen; those of others are unattributed. */
    processesHidden: z.boolean().optional(),
    /** What has failed, and what a card asks for. With a CPU: why there is no card to look at. */
    faults: z
      .array(
        z.object({
          name: z.enum(CARD_FAULTS),
          message: z.string(),
          /** What the message leaves to a value: a time, a card. */
          detail: z.string().optional(),
          /** The words that gave it away. */
          line: z.string().optional(),
        }),
      )
      .optional(),
  }),
  /** total = used + free + reserved; used = attributed + unattributed. */
  memory: z.object({
    totalBytes: byteCount,
    usedBytes: byteCount,
    freeBytes: byteCount,
    reservedBytes: byteCount,
    attributedBytes: byteCount,
    unattributedBytes: byteCount,
  }),
  /** null when nothing was ever deployed. */
  model: z
    .object({
      deployment: z.string(),
      release: z.int(),
      model: z.string(),
      variant: z.string(),
      engine: z.string(),
      /** What its budget is taken from. When this is there and not `device.kind`, the model is not on this device. */
      device: z.enum(['cpu', 'gpu']).optional(),
      standIn: z.boolean(),
      contextTokens: z.int(),
      running: z.boolean(),
      budgetBytes: byteCount,
      predictedPeakBytes: byteCount,
      /** Highest that was recorded when this release was deployed. */
      measuredPeakBytes: byteCount.optional(),
      usedBytes: byteCount,
      /** Upper bound, see tenants. Missing when nothing runs. */
      peakBytes: byteCount.optional(),
      headroomBytes: z.int(),
      /** Supervisor, gateway and watch, which no model's budget covers: what they hold and may hold. */
      programs: z.object({
        usedBytes: byteCount,
        peakBytes: byteCount.optional(),
        allowanceBytes: byteCount,
      }),
    })
    .nullable(),
  tenants: z.array(tenantSchema),
  fits: z.object({
    /**
     * Free now, less what the models, Berth's programs and the leases may still take, less the margin: nobody who was
     * promised bytes is short of them when this is used up. Never below zero.
     */
    guaranteedBytes: byteCount,
    /** Free now: can be had as long as the model does not need it. */
    opportunisticBytes: byteCount,
    safetyMarginBytes: byteCount,
    /** What the model may still take of its budget. */
    modelGrowthBytes: byteCount,
    /** What supervisor, gateway and watch may still take of their allowance. */
    programsGrowthBytes: byteCount,
    /** What leases were promised and do not use yet. */
    leasesGrowthBytes: byteCount,
    /** What the models of other deployments on the device, and their programs, may still take. */
    othersGrowthBytes: byteCount,
    /** The largest lease that would be granted now: the smaller room of both sums, in whole MiB. */
    largestLease: z.object({bytes: byteCount, promised: sumSchema, measured: sumSchema}),
    examples: z.array(
      z.object({
        kind: z.enum(['neighbour', 'model']),
        name: z.string(),
        neededBytes: byteCount,
        fits: z.enum(['guaranteed', 'opportunistic', 'no']),
      }),
    ),
  }),
  /** Since the gateway started; null when it does not run. A quantile is missing where there are too few requests. */
  latency: z
    .object({
      sinceMs: z.number(),
      ttft: quantilesSchema,
      tpot: quantilesSchema,
      e2e: quantilesSchema,
    })
    .nullable(),
  /** What the watch kept, when it was asked for (`--since`, `--html`). */
  history: pastSchema.optional(),
});
export type CapacityReport = z.infer<typeof capacitySchema>;
