type Parts = Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>;

/** The numbers of a clock on the wall of a time zone. */
export function partsOf(timeZone: string, atMs: number): Parts {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{timeZone, hourCycle: 'h23', year: 'numeric'},
    ...{month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit'},
  });
  return Object.fromEntries(format.formatToParts(atMs).map(({type, value}) => [type, value])) as Parts;
}

/** How far a time zone is ahead of UTC at a time, in milliseconds. */
export function offsetOf(timeZone: string, atMs: number): number {
  const {year, month, day, hour, minute, second} = partsOf(timeZone, atMs);
  const there = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second);
  return there - Math.floor(atMs / 1000) * 1000;
}

/** `11-25 14:03` in a time zone. */
export function shortTime(timeZone: string, at: string | number): string {
  const {month, day, hour, minute} = partsOf(timeZone, new Date(at).getTime());
  return `${month}-${day} ${hour}:${minute}`;
}

/** `2026-11-25 14:03` in a time zone, with `:07` where seconds are wanted. */
export function fullTime(timeZone: string, at: string | number, to?: 'seconds'): string {
  const {year, second} = partsOf(timeZone, new Date(at).getTime());
  return `${year}-${shortTime(timeZone, at)}${to === undefined ? '' : `:${second}`}`;
}

/** `14:03:07` in a time zone. */
export function clockTime(timeZone: string, at: number): string {
  const {hour, minute, second} = partsOf(timeZone, at);
  return `${hour}:${minute}:${second}`;
}
