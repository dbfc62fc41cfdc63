import type {ProgressEvent} from '../../base/progress.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';

/** `1.2 GiB / 2.3 GiB (52 %)`, `3 / 8`; undefined when the event counts nothing. */
export function formatAmount(event: Pick<ProgressEvent, 'current' | 'total' | 'unit'>): string | undefined {
  const {current, total} = event;
  if (current === undefined) return undefined;
  const show = formatterOf(event.unit);
  if (total === undefined) return show(current);
  const percent = total > 0 ? ` (${Math.floor((current / total) * 100)} %)` : '';
  return `${show(current)} / ${show(total)}${percent}`;
}

function formatterOf(unit: ProgressEvent['unit']): (value: number) => string {
  switch (unit) {
    case 'bytes':
      return formatBytes;
    case 'ms':
      return formatDuration;
    case 'steps':
    case undefined:
      return String;
  }
}

/** Marks that also tell the states apart where there is no colour. */
export const MARKS: Record<ProgressEvent['status'], string> = {
  started: '·',
  running: '·',
  done: '✔',
  skipped: '-',
  failed: '✖',
  warning: '!',
};
