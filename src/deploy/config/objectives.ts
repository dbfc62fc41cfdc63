import {z} from 'zod';
import {quantity, share} from '../../base/quantity.ts';
import {minutes, parseDuration, seconds, type Duration} from '../../base/units.ts';

const PROBE = minutes(1);
/** Asked more often, a model that nobody uses would never rest. */
const LEAST_PROBE = seconds(10);

/** What the model promises (docs/objectives.md). One that is left out is not watched. Milliseconds and shares. */
export const objectivesSchema = z.strictObject({
  /** To the first token, waiting included. */
  ttft: quantity<Duration>(parseDuration, '2s', 1).exactOptional(),
  /** From one token to the next. */
  tpot: quantity<Duration>(parseDuration, '80ms', 1).exactOptional(),
  /** The share of requests that may end with an error of the server's. */
  errors: share('1%', 0.00001, 0.5).exactOptional(),
  /** The share of first tokens, and of the tokens after them, that must come within these times. */
  target: share('99%', 0.5, 0.99999).default(0.99),
  /** After so long without a request the watch asks the model something tiny; `false`: never. */
  probe: z
    .union([z.boolean(), z.number(), z.string()])
    .transform((given, context): Duration | false => {
      if (given === false) return false;
      const value = given === true ? PROBE : parseDuration(String(given));
      if (value !== undefined && value >= LEAST_PROBE) return value;
      context.addIssue({code: 'custom', message: 'quantity', params: {example: '1m'}});
      return z.NEVER;
    })
    .pipe(z.union([z.literal(false), z.int() as unknown as z.ZodType<Duration, Duration>]))
    .default(PROBE),
});
