import {z} from 'zod';
import {objectivesStatusSchema} from './objectives/status.ts';

/** How it stands with the guard now. Spans in milliseconds. */
export const guardStatusSchema = z.object({
  mode: z.enum(['off', 'watch', 'act']),
  outsiders: z.enum(['watch', 'act']),
  actions: z.array(z.enum(['lower', 'pause', 'stop'])),
  breach: z.enum(['watch', 'pause', 'stop']),
  /** Whether new programs get a lease while the model is slowed. */
  newcomers: z.enum(['refuse', 'admit']),
  /** The model takes longer for a token than it should, for so long; null when it does not. */
  slowForMs: z.number().nullable(),
  /** How much longer it took in the last second that was judged: 1 is its own pace. */
  lastRatio: z.number().nullable(),
  held: z.array(
    z.object({
      tenant: z.string(),
      name: z.string(),
      action: z.enum(['lower', 'pause', 'stop']),
      because: z.enum(['interference', 'breach']),
      forMs: z.number(),
      /** Why it could not be done. */
      failed: z.string().optional(),
    }),
  ),
  /** The model's own time per token, by how many streams it answers; `+`: while prompts are read as well. */
  alone: z.array(
    z.object({
      bucket: z.string(),
      aloneSeconds: z.int(),
      aloneMs: z.number().optional(),
    }),
  ),
  /** Missing where berth.yaml asks for none. */
  objectives: objectivesStatusSchema.optional(),
});
export type GuardStatus = z.infer<typeof guardStatusSchema>;
