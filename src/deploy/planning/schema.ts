import {z} from 'zod';
import {tenantSchema} from '../../capacity/index.ts';

const byteCount = z.int();
const engine = z.enum(['embedded', 'llama-cpp', 'vllm']);
const kvType = z.enum(['f16', 'q8_0', 'q4_0', 'bf16', 'fp8']);
const warning = z.enum(['kv-below-8-bits', 'kv-8-bits']);
const quality = z.object({measure: z.string(), percent: z.number(), source: z.string()});

/** One way to run the model, at the context and concurrency of the plan. */
const wayShape = {
  engine,
  variant: z.string(),
  kvType,
  contextTokens: z.int(),
  /** Requests at once, each with the whole context. */
  sequences: z.int(),
  neededBytes: byteCount,
  fits: z.boolean(),
  /** At this concurrency, within what can be had; 0 when not even the shortest fits. */
  largestContextTokens: z.int(),
  /** At this context; 0 when not even one fits. */
  largestConcurrency: z.int(),
  /** Somebody else's measurement; missing where none is known. */
  quality: quality.optional(),
  warnings: z.array(warning),
};

/** What `berth plan --json` prints. */
export const planReportSchema = z.object({
  schema: z.literal('berth.plan/1'),
  at: z.iso.datetime(),
  model: z.string(),
  profile: z.enum(['headroom', 'throughput', 'quality']),
  maxContextTokens: z.int(),
  device: z.object({
    /** `planned`: a card that no host was asked about. `read`: of the host named. */
    from: z.enum(['planned', 'read']),
    kind: z.enum(['cpu', 'gpu']),
    name: z.string(),
    host: z.string().optional(),
    card: z.string().optional(),
    totalBytes: byteCount,
    usedBytes: byteCount,
    freeBytes: byteCount,
    reservedBytes: byteCount,
  }),
  /**
   * available = free + present release - own programs - leases' unused promises - safety - left for others, or the
   * budget if that is less.
   */
  room: z.object({
    availableBytes: byteCount,
    freeBytes: byteCount,
    presentBytes: byteCount,
    programsBytes: byteCount,
    leasesBytes: byteCount,
    safetyBytes: byteCount,
    leaveBytes: byteCount,
    budgetBytes: byteCount.optional(),
  }),
  tenants: z.array(tenantSchema.pick({kind: true, name: true, usedBytes: true})),
  plan: z.object({
    ...wayShape,
    /** What the model may use: the prediction and what it may be off by. */
    budgetBytes: byteCount,
    /** For others, with the budget and the safety kept. */
    leftBytes: byteCount,
    terms: z.array(z.object({name: z.string(), totalBytes: byteCount, source: z.string()})),
    /** `low` where the architecture is planned from its header alone, or its cache is an upper bound. */
    confidence: z.enum(['high', 'low']),
    doubts: z.array(z.enum(['architecture', 'sliding-window', 'recurrent'])),
  }),
  /** MISSION's three. Predicted from the card's limits, one request alone; missing where these are not known. */
  workloads: z.array(
    z.object({
      name: z.enum(['qa', 'summary', 'code']),
      promptTokens: z.int(),
      answerTokens: z.int(),
      claimed: z.object({totalMs: z.number(), memoryBytes: byteCount}).optional(),
      predicted: z
        .object({
          firstTokenMs: z.number(),
          perTokenMs: z.number(),
          totalMs: z.number(),
          memoryBytes: byteCount,
        })
        .optional(),
    }),
  ),
  /** A prompt of the whole context: predicted from the card's limits. */
  fullContext: z.object({firstTokenMs: z.number(), perTokenMs: z.number()}).optional(),
  /** Other ways, the best for the profile first; those that do not fit last. */
  alternatives: z.array(z.object({...wayShape, summaryMs: z.number().optional()})),
  /** Predicted less measured peak of this host's releases on a device of the plan's kind; null while none was measured. */
  errorSoFar: z
    .object({device: z.enum(['cpu', 'gpu']), releases: z.int(), meanBytes: byteCount, worstBytes: byteCount})
    .nullable(),
});
export type PlanReport = z.infer<typeof planReportSchema>;
