import {z} from 'zod';

const byteCount = z.int();
const time = z.iso.datetime();

const spansSchema = z.object({
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  count: z.int(),
});

/** What the model's budget could be, seen from what it used. */
export const adviceSchema = z.discriminatedUnion('kind', [
  /** The budget is larger than what was used with a reserve: what could be given back, and how. */
  z.object({
    kind: z.literal('lower-budget'),
    budgetBytes: byteCount,
    /** What a deploy with that budget frees for neighbours. */
    freedBytes: byteCount,
    /** What to type. */
    command: z.string(),
  }),
  /** The model may use about what it uses. */
  z.object({kind: z.literal('fits')}),
  /** It used more than it may. */
  z.object({kind: z.literal('over-budget'), overBytes: byteCount, command: z.string()}),
  /** Too little was measured, or no request came, so that nothing can be said. */
  z.object({kind: z.literal('too-little-seen'), measuredMs: z.number(), requests: z.int()}),
]);

export const slowdownSchema = z.object({
  from: time,
  /** Missing while it goes on. */
  until: time.optional(),
  /** Key of the tenant to blame. */
  tenant: z.string().optional(),
  name: z.string().optional(),
  text: z.string(),
  /** What it was decided on. */
  numbers: z.record(z.string(), z.union([z.number(), z.string()])),
});

export const pastTenantSchema = z.object({
  key: z.string(),
  kind: z.enum(['model', 'berth', 'lease', 'outsider', 'rest', 'unattributed']),
  name: z.string(),
  /** Known of those that came while the watch looked. */
  user: z.string().optional(),
  command: z.string().optional(),
  maxBytes: byteCount,
  /** Cores in use at most. */
  maxCores: z.number(),
  firstSeen: time,
  lastSeen: time,
  /** How long it held anything, in whole steps. */
  presentMs: z.number(),
});

/** What everyone who is there now should be expected to hold at most on the next day. */
export const forecastSchema = z.object({
  tenants: z.array(
    z.object({
      key: z.string(),
      kind: z.enum(['model', 'berth', 'lease', 'outsider', 'rest', 'unattributed']),
      name: z.string(),
      bytes: byteCount,
      /** The highest that was seen on any of the days. */
      seenBytes: byteCount,
      /** What is added to that, as a share. */
      marginRatio: z.number(),
      /** Days (UTC) that it is made from: with fewer than 8 it is a guess. */
      days: z.int(),
    }),
  ),
  /** What would be free if all of them peaked together; less than zero where that would not fit. */
  leftBytes: z.int().optional(),
});

/** Part `history` of `berth capacity --since … --json`. */
export const pastSchema = z.object({
  since: time,
  until: time,
  /** Of each point of the series. */
  stepMs: z.number(),
  /** How long the device was measured in that time. */
  measuredMs: z.number(),
  timeZone: z.string(),
  model: z
    .object({
      budgetBytes: byteCount,
      predictedPeakBytes: byteCount,
      /** The most that it used; missing when it was never seen. */
      maxBytes: byteCount.optional(),
      maxAt: time.optional(),
      advice: adviceSchema,
    })
    .nullable(),
  /** Days of the time zone, the oldest first. */
  days: z.array(
    z.object({
      day: z.iso.date(),
      minFreeBytes: byteCount,
      minFreeAt: time,
      maxUsedBytes: byteCount,
      /** The most that the model held; missing when it did not run. */
      modelMaxBytes: byteCount.optional(),
      measuredMs: z.number(),
    }),
  ),
  tenants: z.array(pastTenantSchema),
  forecast: forecastSchema,
  requests: z.object({
    ok: z.int(),
    clientError: z.int(),
    serverError: z.int(),
    cancelled: z.int(),
    maxQueued: z.int(),
    /** Of the steps: the most tokens a second, as their mean. */
    maxTokensPerSecond: z.number(),
  }),
  slowdowns: z.array(slowdownSchema),
  /** The newest first. */
  events: z.array(
    z.object({
      at: time,
      kind: z.string(),
      tenant: z.string().optional(),
      text: z.string(),
      numbers: z.record(z.string(), z.union([z.number(), z.string()])),
    }),
  ),
  /** One point a step, the oldest first; what nobody measured is missing. */
  series: z.array(
    z.object({
      at: time,
      totalBytes: byteCount.optional(),
      maxUsedBytes: byteCount.optional(),
      minFreeBytes: byteCount.optional(),
      utilizationRatio: z.number().optional(),
      /** The most that each tenant held, by its key. */
      tenants: z.record(z.string(), byteCount),
      tokensPerSecond: z.number().optional(),
      ttft: spansSchema.optional(),
      tpot: spansSchema.optional(),
    }),
  ),
});

export type Past = z.infer<typeof pastSchema>;
export type PastTenant = z.infer<typeof pastTenantSchema>;
export type PastForecast = z.infer<typeof forecastSchema>;
export type Advice = z.infer<typeof adviceSchema>;
export type Slowdown = z.infer<typeof slowdownSchema>;
