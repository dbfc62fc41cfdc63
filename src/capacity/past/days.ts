import type {Row} from './watched.ts';
import type {Past} from './schema.ts';

/** `2026-11-25` of a time, in a time zone. */
export function dayIn(timeZone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (atMs) => format.format(atMs);
}

/** The least that was free on each day, and the most that was used. Pure. */
export function headroomByDay(
  rows: readonly Row[],
  {stepMs, timeZone}: {stepMs: number; timeZone: string},
): Past['days'] {
  const dayOf = dayIn(timeZone);
  const measured = rows.flatMap(({atMs, freeBytes, usedBytes, tenants}) =>
    freeBytes && usedBytes ? [{atMs, free: freeBytes.min, used: usedBytes.max, tenants}] : [],
  );
  return [...Map.groupBy(measured, ({atMs}) => dayOf(atMs))].map(([day, of]) => {
    const least = of.reduce((low, one) => (one.free < low.free ? one : low));
    const models = of.flatMap(({tenants}) => tenants.model?.usedBytes ?? []);
    return {
      day,
      minFreeBytes: least.free,
      minFreeAt: new Date(least.atMs).toISOString(),
      maxUsedBytes: of.reduce((most, {used}) => Math.max(most, used), 0),
      ...(models.length > 0 && {modelMaxBytes: Math.max(...models)}),
      measuredMs: of.length * stepMs,
    };
  });
}
