import type {WatchEvent} from '../events.ts';
import type {AlertTopic} from './alert.ts';

/** What an event means for those who are told. */
export type Happening =
  | {
      state: 'bad';
      topic: AlertTopic;
      /** What is told once, and not again too soon. */
      id: string;
      /** What its end will be known by. */
      group: string;
      /** False: nothing tells of its end. */
      ends: boolean;
    }
  | {state: 'good'; topic: AlertTopic; group: string};

/**
 * Errors of a program that hurt nobody else, and what the driver reports when it has repaired something: no reason to
 * call anybody.
 */
const QUIET_XIDS = [13, 31, 43, 63, 92];

/** Undefined: nobody is told of it. Pure. */
export function happeningOf({kind, tenant = '', numbers}: WatchEvent): Happening | undefined {
  const of = (name: string): string => String(numbers[name] ?? '');
  switch (kind) {
    case 'interference':
      return begins('interference', `interference ${tenant}`, 'interference');
    case 'interference-over':
      return {state: 'good', topic: 'interference', group: 'interference'};
    case 'guard-action': {
      const what = numbers.failed === undefined ? of('action') : 'failed';
      return begins('guard', `guard ${what} ${tenant}`, `guard ${tenant}`);
    }
    case 'guard-undone':
      return {state: 'good', topic: 'guard', group: `guard ${tenant}`};
    case 'lease-broken':
      return begins('lease', tenant, tenant);
    case 'lease-kept':
      return {state: 'good', topic: 'lease', group: tenant};
    case 'objective-burns':
      return begins(
        'objective',
        `objective ${of('objective')} ${of('severity')}`,
        `objective ${of('objective')}`,
      );
    case 'objective-fine':
      return {state: 'good', topic: 'objective', group: `objective ${of('objective')}`};
    case 'xid':
      return QUIET_XIDS.includes(Number(numbers.code)) ? undefined : lasts('device', `xid ${of('code')}`);
    case 'gpu-lost':
    case 'device-silent':
      return begins('device', kind, 'device');
    case 'device-back':
      return {state: 'good', topic: 'device', group: 'device'};
    case 'clock-moved':
    case 'store-recovered':
      return lasts('watch', kind);
    case 'tenant-came':
    case 'tenant-left':
    case 'alert-sent':
    case 'alert-failed':
      return undefined;
  }
}

const begins = (topic: AlertTopic, id: string, group: string): Happening => ({
  ...{state: 'bad', topic, id, group},
  ends: true,
});

const lasts = (topic: AlertTopic, id: string): Happening => ({
  ...{state: 'bad', topic, id, group: id},
  ends: false,
});
