import {z} from 'zod';
import {factor, quantity} from '../../base/quantity.ts';
import {minutes, parseDuration, seconds, type Duration} from '../../base/units.ts';

/** What can be done to a neighbour, the mildest first. */
const GUARD_ACTIONS = ['lower', 'pause', 'stop'] as const;

/** What the guard may do: `guard` in berth.yaml. Milliseconds and ratios. */
export const guardPolicySchema = z.strictObject({
  /** `watch`: it says what it sees and touches nobody. */
  mode: z.enum(['off', 'watch', 'act']).default('act'),
  /** Whether programs without a lease may be acted on too. */
  outsiders: z.enum(['watch', 'act']).default('watch'),
  /** Against a neighbour that slows the model, from the mildest on; what is left out is never done. */
  actions: z.array(z.enum(GUARD_ACTIONS)).default(['lower']),
  /** Against a neighbour that holds more than its lease. */
  breach: z.enum(['watch', 'pause', 'stop']).default('pause'),
  /** Whether programs get a lease to start with while the model is slowed. */
  newcomers: z.enum(['refuse', 'admit']).default('refuse'),
  /** How many times its own time per token the model must take to count as slowed. */
  slowdown: factor('1.4', 1.1, 10).default(1.4),
  /** How long an action is given to help before the next stronger one. */
  dwell: quantity<Duration>(parseDuration, '30s', 1000).default(seconds(30)),
  /** How long all must be well before an action is undone. It doubles with each relapse. */
  coolDown: quantity<Duration>(parseDuration, '1m', 1000).default(seconds(60)),
  /** How long a newcomer is suspected first. */
  probation: quantity<Duration>(parseDuration, '2m', 0).default(minutes(2)),
});
export type GuardPolicy = z.infer<typeof guardPolicySchema>;
