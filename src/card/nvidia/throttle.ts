/**
 * Why the clocks are not as high as they could be. Bits of `clocks_event_reasons.active` (older drivers:
 * `clocks_throttle_reasons.active`). Source: nvml.h, nvmlClocksEventReasons.
 */
const BITS = {
  idle: 0x1n,
  'application-clocks': 0x2n,
  'power-cap': 0x4n,
  'hardware-slowdown': 0x8n,
  'sync-boost': 0x10n,
  'thermal-software': 0x20n,
  'thermal-hardware': 0x40n,
  'power-brake': 0x80n,
  'display-clocks': 0x100n,
} as const;

export const THROTTLE_REASONS = [...(Object.keys(BITS) as (keyof typeof BITS)[]), 'unknown'] as const;
export type ThrottleReason = (typeof THROTTLE_REASONS)[number];

/** The reasons in a mask, or undefined when the text is none. A bit that is not known here is `unknown`. */
export function throttleReasons(mask: string | undefined): ThrottleReason[] | undefined {
  if (mask === undefined || !/^0x[0-9a-f]{1,16}$/i.test(mask)) return undefined;
  let rest = BigInt(mask);
  const reasons: ThrottleReason[] = [];
  for (const [name, bit] of Object.entries(BITS) as [keyof typeof BITS, bigint][]) {
    if ((rest & bit) === 0n) continue;
    reasons.push(name);
    rest &= ~bit;
  }
  return rest === 0n ? reasons : [...reasons, 'unknown'];
}
