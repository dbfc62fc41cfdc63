import type {Texts} from '../../base/texts/index.ts';
import type {WatchEvent} from '../events.ts';
import type {Alert} from './alert.ts';
import {happeningOf} from './happening.ts';
import type {Telling} from './told.ts';

/** Whose alert it is. */
export type Sender = Pick<Alert, 'deployment' | 'host'>;

/** Both can hold what a program is called; longer ones are cut. Characters. */
const LONGEST_TITLE = 300;
const LONGEST_TEXT = 1000;

type AlertTexts = Texts['alerts'];

export function alertOf(t: AlertTexts, sender: Sender, {id, state, event, repeats}: Telling): Alert {
  const title = titleOf(t, event).slice(0, LONGEST_TITLE);
  return {
    ...sender,
    ...{id, state, repeats},
    topic: happeningOf(event)?.topic ?? 'watch',
    title: t.headline({title: repeats > 0 ? t.again({title, count: repeats}) : title}),
    text: event.text.slice(0, LONGEST_TEXT),
    atMs: event.atMs,
    numbers: event.numbers,
  };
}

/** One that means nothing, to see whether alerts arrive. */
export const testAlert = (t: AlertTexts, sender: Sender, atMs: number): Alert => ({
  ...sender,
  ...{id: 'test', topic: 'test', state: 'test', atMs, numbers: {}, repeats: 0},
  title: t.headline({title: t.title.test}),
  text: 'Somebody asked whether alerts arrive here. Nothing is wrong.',
});

function titleOf({title: t}: AlertTexts, {kind, tenant = '', numbers}: WatchEvent): string {
  const name = String(numbers.name ?? tenant.slice(tenant.indexOf(':') + 1));
  const objective = {name: String(numbers.objective ?? '')};
  switch (kind) {
    case 'interference':
      return t.interference({name});
    case 'interference-over':
      return t.interferenceOver;
    case 'guard-action':
      if (numbers.failed !== undefined) return t.guardFailed({name});
      if (numbers.action === 'lower') return t.lowered({name});
      return numbers.action === 'pause' ? t.paused({name}) : t.stopped({name});
    case 'guard-undone':
      return t.guardUndone({name});
    case 'lease-broken':
      return t.leaseBroken({name});
    case 'lease-kept':
      return t.leaseKept({name});
    case 'objective-burns':
      return t.objectiveBurns(objective);
    case 'objective-fine':
      return t.objectiveFine(objective);
    case 'xid':
      return t.xid({code: String(numbers.code)});
    case 'gpu-lost':
      return t.gpuLost;
    case 'device-silent':
      return t.deviceSilent;
    case 'device-back':
      return t.deviceBack;
    case 'clock-moved':
      return t.clockMoved;
    case 'store-recovered':
      return t.storeRecovered;
    case 'tenant-came':
    case 'tenant-left':
    case 'alert-sent':
    case 'alert-failed':
      // Nobody is told of these.
      return kind;
  }
}
