import type {Happened} from './watched.ts';
import {nameOf} from './presence.ts';
import type {Slowdown} from './schema.ts';

/** When the model was slowed, and by whom: each `interference` up to its end, the oldest first. Pure. */
export function slowdownsOf(events: readonly Happened[]): Slowdown[] {
  const slowdowns: Slowdown[] = [];
  const open = new Map<string, Slowdown>();
  for (const {atMs, kind, tenant, text, numbers} of events.toSorted((a, b) => a.atMs - b.atMs)) {
    const at = new Date(atMs).toISOString();
    const key = tenant ?? '';
    if (kind === 'interference' && !open.has(key)) {
      const slowdown: Slowdown = {
        from: at,
        ...(tenant !== undefined && {
          tenant,
          name: typeof numbers.name === 'string' ? numbers.name : nameOf(tenant),
        }),
        text,
        numbers,
      };
      open.set(key, slowdown);
      slowdowns.push(slowdown);
    } else if (kind === 'interference-over') {
      // One that does not say whose it was ends all of them.
      for (const [whose, slowdown] of open) {
        if (tenant !== undefined && whose !== key) continue;
        slowdown.until = at;
        open.delete(whose);
      }
    }
  }
  return slowdowns;
}
