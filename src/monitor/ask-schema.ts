import {z} from 'zod';
import {alertsStatusSchema, alertTestSchema} from './alerts/status.ts';
import {WATCH_EVENT_KINDS} from './events.ts';
import {guardStatusSchema} from './guard-status.ts';

const spans = z.object({p50: z.number(), p99: z.number(), max: z.number(), count: z.int()});

export const sampleSchema = z.object({
  atMs: z.number(),
  device: z.object({
    totalBytes: z.number(),
    usedBytes: z.number(),
    freeBytes: z.number(),
    reservedBytes: z.number(),
    utilizationRatio: z.number().optional(),
    temperatureC: z.number().optional(),
    powerW: z.number().optional(),
    seenAtMs: z.number(),
  }),
  tenants: z
    .array(
      z.object({
        key: z.string(),
        kind: z.enum(['model', 'berth', 'lease', 'outsider', 'rest', 'unattributed']),
        name: z.string(),
        usedBytes: z.number(),
        cpuRatio: z.number().optional(),
        pids: z.array(z.int()).readonly(),
        containerId: z.string().optional(),
        user: z.string().optional(),
        sinceMs: z.number().optional(),
        command: z.string().optional(),
      }),
    )
    .readonly(),
  tenantsSeenAtMs: z.number(),
  gateway: z
    .object({
      running: z.number(),
      queued: z.number(),
      held: z.number(),
      tokensPerSecond: z.number(),
      requestsPerSecond: z.number(),
      errorRatio: z.number().optional(),
      ttftMs: spans.optional(),
      tpotMs: spans.optional(),
    })
    .optional(),
});

export const eventSchema = z.object({
  atMs: z.number(),
  kind: z.enum(WATCH_EVENT_KINDS),
  tenant: z.string().optional(),
  text: z.string(),
  numbers: z.record(z.string(), z.union([z.number(), z.string()])).readonly(),
});

const healthSchema = z.object({
  pid: z.int(),
  /** How long this run of the watch works already. */
  sinceMs: z.number(),
  rssBytes: z.number(),
  /** Of one core, since the last question or for a minute. */
  cpuRatio: z.number(),
  loopDelayP99Ms: z.number(),
  /** How late the last sample was. */
  lagMs: z.number(),
  storeBytes: z.number(),
  /** Why nothing can be written just now. */
  storeProblem: z.string().optional(),
});

const range = z.object({min: z.number(), mean: z.number(), max: z.number()});

const historyRowSchema = z.object({
  atMs: z.number(),
  totalBytes: z.number().optional(),
  usedBytes: range.optional(),
  freeBytes: range.optional(),
  utilizationRatio: z.number().optional(),
  temperatureC: z.number().optional(),
  powerW: z.number().optional(),
  tenants: z.record(z.string(), z.object({usedBytes: z.number(), cpuRatio: z.number()})),
  gateway: z
    .object({
      running: z.object({mean: z.number(), max: z.number()}),
      queuedMax: z.number(),
      heldMax: z.number(),
      tokensPerSecond: z.number(),
      requests: z.object({ok: z.int(), clientError: z.int(), serverError: z.int(), cancelled: z.int()}),
      errorRatio: z.number().optional(),
      ttftMs: spans.optional(),
      tpotMs: spans.optional(),
    })
    .optional(),
});

/** What the watch answers, checked where it comes in: it may be of another version. */
export const answerSchemas = {
  /** `sample` is missing until the device has answered for the first time; `events` are the last 20, the newest first. */
  now: z.object({
    sample: sampleSchema.optional(),
    events: z.array(eventSchema).readonly(),
    health: healthSchema,
  }),
  history: z.object({stepMs: z.number(), rows: z.array(historyRowSchema)}),
  events: z.array(eventSchema),
  peaks: z.array(z.object({dayMs: z.number(), peaks: z.record(z.string(), z.number())})),
  metrics: z.string(),
  /** Null where no deploy has written a policy for it yet. */
  guard: guardStatusSchema.nullable(),
  /** Null where nobody is to be told. */
  alerts: alertsStatusSchema.nullable(),
  'test-alerts': alertTestSchema,
};

export type Health = z.infer<typeof healthSchema>;
export type Answers = {[Ask in keyof typeof answerSchemas]: z.infer<(typeof answerSchemas)[Ask]>};
