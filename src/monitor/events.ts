import type {GatewayWindow} from '../hosts/index.ts';
import type {Sample} from './sample.ts';

export const WATCH_EVENT_KINDS = [
  'tenant-came',
  'tenant-left',
  'lease-broken',
  'lease-kept',
  'interference',
  'interference-over',
  'guard-action',
  'guard-undone',
  'objective-burns',
  'objective-fine',
  'xid',
  'gpu-lost',
  'device-silent',
  'device-back',
  'clock-moved',
  'store-recovered',
  'alert-sent',
  'alert-failed',
] as const;
export type WatchEventKind = (typeof WATCH_EVENT_KINDS)[number];

/** Something that happened, told once and kept for 30 days. */
export interface WatchEvent {
  /** Wall clock, milliseconds since the epoch. */
  atMs: number;
  kind: WatchEventKind;
  /** The tenant's key. */
  tenant?: string;
  /** One plain English sentence, for logs. */
  text: string;
  /** What it was decided on; names end in their unit, `usedBytes`, `tpotMs`. */
  numbers: Readonly<Record<string, number | string>>;
}

/**
 * Looks at each sample, and tells what it finds. It may act, and take its time: it is not called again before it is
 * done, and what it throws is logged. `window` is what passed the gateway since the sample before.
 */
export interface Observer {
  name: string;
  observe(sample: Sample, window?: GatewayWindow): readonly WatchEvent[] | Promise<readonly WatchEvent[]>;
}
