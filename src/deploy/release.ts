import {createHash} from 'node:crypto';
import {z} from 'zod';
import {gatewayConfigSchema} from '../gateway/index.ts';

const engineSettingsSchema = z.object({
  contextTokens: z.int().positive(),
  sequences: z.int().positive(),
  kvType: z.enum(['f16', 'q8_0', 'q4_0']),
  batchTokens: z.int().positive(),
  queue: z.int().nonnegative(),
  quantization: z.enum(['fp8']).exactOptional(),
  threads: z.int().positive().exactOptional(),
});

/**
 * What makes two deploys the same: what was asked for, and what it resolved to. What the plan chose by
 * itself (a context that fits today's free memory) is not part of it, or the same deploy on a busier day
 * would be another release.
 */
const identitySchema = z.object({
  model: z.string(),
  variant: z.string(),
  weightsSha256: z.string(),
  engine: z.enum(['embedded', 'llama-cpp', 'vllm']),
  engineVersion: z.string(),
  runtime: z.enum(['process', 'docker']),
  /** References on the host of the images that its containers run; none for plain processes. */
  images: z.object({gateway: z.string(), engine: z.string()}).exactOptional(),
  /** Version of Berth, whose own programs stand at the door. */
  berthVersion: z.string(),
  /** What the person set and, on a card, what the profile stands for; the plan filled in the rest. */
  asked: z.object({
    contextTokens: z.int().optional(),
    sequences: z.int().optional(),
    kvType: z.string().optional(),
    threads: z.int().optional(),
    budgetBytes: z.int().optional(),
    quantization: z.string().optional(),
  }),
  /** The card that was asked for, by its UUID; missing where any would do. */
  card: z.string().exactOptional(),
  gateway: gatewayConfigSchema,
});
export type Identity = z.infer<typeof identitySchema>;

/** One immutable version of a deployment: `releases/<number>.json`. */
export const releaseSchema = z.object({
  schema: z.literal('berth.release/1'),
  number: z.int().positive(),
  deployment: z.string(),
  createdAt: z.iso.datetime(),
  /** SHA-256 of the identity. */
  fingerprint: z.string(),
  identity: identitySchema,
  /** The model is the built-in stand-in. */
  standIn: z.boolean(),
  weights: z.object({path: z.string(), totalBytes: z.int(), sha256: z.string()}),
  /** What the model's memory is taken from; missing in what an earlier Berth wrote down. */
  device: z.enum(['cpu', 'gpu']).exactOptional(),
  settings: engineSettingsSchema,
  predicted: z.object({
    peakBytes: z.int(),
    terms: z.array(z.object({name: z.string(), totalBytes: z.int(), source: z.string()})),
  }),
  budgetBytes: z.int(),
});
export type Release = z.infer<typeof releaseSchema>;

/** How a release went: `releases/<number>.outcome.json`, written once. None means that its deploy was cut off. */
export const outcomeSchema = z.object({
  state: z.enum(['served', 'failed']),
  at: z.iso.datetime(),
  /** Code and message of the error that ended it. */
  error: z.object({code: z.string(), message: z.string()}).optional(),
  ladder: z.enum(['fresh', 'side-by-side', 'swap']).optional(),
  firstTokenMs: z.number().optional(),
  longestHoldMs: z.number().optional(),
  measuredPeakBytes: z.int().optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

export function fingerprintOf(identity: Identity): string {
  return createHash('sha256').update(canonical(identity)).digest('hex');
}

/** JSON with sorted keys and no undefined, so that equal identities have equal bytes. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
