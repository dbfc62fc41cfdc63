import {z} from 'zod';

/** How it stands with the objectives now. */
export const objectivesStatusSchema = z.object({
  objectives: z.array(
    z.object({
      objective: z.enum(['ttft', 'tpot', 'errors']),
      /** Of times. */
      limitMs: z.number().optional(),
      /** The share that may be bad. */
      budgetRatio: z.number(),
      /** What was told of it last; null while it is kept. `page`: look now. `ticket`: look when there is time. */
      severity: z.enum(['page', 'ticket']).nullable(),
      /** How fast the budget burns: at 1 it lasts exactly its month. */
      windows: z.array(z.object({minutes: z.int(), rate: z.number(), good: z.number(), bad: z.number()})),
    }),
  ),
  /** Null where the watch asks nothing itself. */
  probe: z
    .object({
      /** Asked when nobody else has asked for so long. */
      everyMs: z.number(),
      last: z
        .object({
          atMs: z.number(),
          outcome: z.enum(['ok', 'failed']),
          ttftMs: z.number().optional(),
          tpotMs: z.number().optional(),
        })
        .nullable(),
    })
    .nullable(),
});
export type ObjectivesStatus = z.infer<typeof objectivesStatusSchema>;
