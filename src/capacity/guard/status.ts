import type {GuardStatus} from '../../monitor/index.ts';
import {learned} from './baseline.ts';
import {rounded} from './numbers.ts';
import type {GuardPolicy} from './policy.ts';
import type {GuardState} from './state.ts';

/** How it stands with the guard now, for people. */
export function guardStatus(state: GuardState, policy: GuardPolicy): GuardStatus {
  const {clockMs, detection, handled} = state;
  const last = detection.history.at(-1);
  return {
    mode: policy.mode,
    outsiders: policy.outsiders,
    actions: [...policy.actions],
    breach: policy.breach,
    newcomers: policy.newcomers,
    slowForMs: detection.slowSinceMs === undefined ? null : clockMs - detection.slowSinceMs,
    lastRatio: last ? rounded(Math.exp(last.log)) : null,
    held: Object.values(handled).map(({key, name, action, because, sinceMs, failed}) => ({
      tenant: key,
      name,
      action,
      because,
      forMs: clockMs - sinceMs,
      ...(failed !== undefined && {failed}),
    })),
    alone: learned(detection.baseline).map(({bucket, aloneSeconds, aloneMs}) => ({
      bucket,
      aloneSeconds,
      ...(aloneMs !== undefined && {aloneMs}),
    })),
  };
}
