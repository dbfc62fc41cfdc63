import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import {ENOUGH_DAYS, type Past} from '../../capacity/index.ts';
import {printableLine} from '../printable.ts';
import {bar, keyValues, table} from '../table.ts';
import {cutToWidth} from '../width.ts';
import {shortTime} from '../zone.ts';
import {kindName, tenantName} from './names.ts';

const NAME_WIDTH = 26;
const TENANTS = 10;
const EVENTS = 10;
const BAR_WIDTH = 20;
const WIDTH = 80;

type Advice = NonNullable<Past['model']>['advice'];

/** The advice as a sentence, and what to type where something is to be done. */
export function adviceLines(t: Texts, advice: Advice): {text: string; command?: string} {
  switch (advice.kind) {
    case 'lower-budget': {
      const [budget, freed] = [formatBytes(advice.budgetBytes), formatBytes(advice.freedBytes)];
      return {text: t.past.advice.lower({budget, freed}), command: advice.command};
    }
    case 'fits':
      return {text: t.past.advice.fits};
    case 'over-budget':
      return {text: t.past.advice.over({over: formatBytes(advice.overBytes)}), command: advice.command};
    case 'too-little-seen': {
      const measured = formatDuration(advice.measuredMs);
      return {text: t.past.advice.littleSeen({measured, requests: advice.requests})};
    }
  }
}

/** The history part of the report for a terminal, at most 80 columns wide. Pure. */
export function presentPast(t: Texts, past: Past): string {
  const span = formatDuration(Date.parse(past.until) - Date.parse(past.since));
  const measured = t.past.measured({measured: formatDuration(past.measuredMs), span});
  if (past.measuredMs === 0) return `${t.past.title({span})}\n  ${t.past.nothingMeasured}`;
  return [
    `${t.past.title({span})} (${measured})\n${modelLines(t, past)}`,
    days(t, past),
    tenants(t, past),
    forecast(t, past),
    slowdowns(t, past),
    events(t, past),
  ].join('\n\n');
}

function modelLines(t: Texts, {model, requests, timeZone}: Past): string {
  const counts = t.past.requestsOf({
    ok: requests.ok,
    failed: requests.serverError,
    cancelled: requests.cancelled,
  });
  const advice = model && adviceLines(t, model.advice);
  const rows: [string, string][] = [];
  if (model) rows.push([`  ${t.past.model}`, budgetLine(t, model, timeZone)]);
  if (advice) rows.push(['', advice.text]);
  if (advice?.command !== undefined) rows.push(['', advice.command]);
  return keyValues([...rows, [`  ${t.past.requests}`, counts]]);
}

function budgetLine(t: Texts, model: NonNullable<Past['model']>, timeZone: string): string {
  const budget = formatBytes(model.budgetBytes);
  if (model.maxBytes === undefined || model.maxAt === undefined) return t.past.budgetUnused({budget});
  const [used, at] = [formatBytes(model.maxBytes), shortTime(timeZone, model.maxAt)];
  return t.past.budgetUse({budget, used, at});
}

function days(t: Texts, {days: all, series, timeZone}: Past): string {
  const total = Math.max(...series.map(({totalBytes = 0}) => totalBytes));
  return table(
    all.map((one) => [
      `  ${one.day}`,
      formatBytes(one.minFreeBytes),
      bar(total > 0 ? one.minFreeBytes / total : 0, BAR_WIDTH),
      shortTime(timeZone, one.minFreeAt),
    ]),
    {
      head: [t.past.headroomByDay, t.past.leastFree, '', t.past.when],
      align: ['left', 'right', 'left', 'left'],
    },
  );
}

function tenants(t: Texts, {tenants: all, series, timeZone}: Past): string {
  const lastAt = series.at(-1)?.at;
  const rows = all
    .slice(0, TENANTS)
    .map((one) => [
      `  ${cutToWidth(printableLine(tenantName(t, one)), NAME_WIDTH)}`,
      formatBytes(one.maxBytes),
      one.maxCores.toFixed(1),
      shortTime(timeZone, one.firstSeen),
      one.lastSeen === lastAt ? t.past.still : shortTime(timeZone, one.lastSeen),
    ]);
  return table(rows, {
    head: [t.past.whoWasThere, t.past.most, t.past.cores, t.past.from, t.past.until],
    align: ['left', 'right', 'right', 'left', 'left'],
  });
}

function forecast(t: Texts, {forecast: {tenants: all, leftBytes}}: Past): string {
  const rows = all
    .slice(0, TENANTS)
    .map((one) => [
      `  ${cutToWidth(printableLine(tenantName(t, one)), NAME_WIDTH)}`,
      formatBytes(one.seenBytes),
      formatBytes(one.bytes),
      `${Math.round(one.marginRatio * 100)} %`,
      String(one.days),
    ]);
  const {title, seen, expected, margin, days: ofDays, none} = t.past.forecast;
  const lines = forecastNotes(t, all, leftBytes).map((line) => `  ${line}`);
  if (rows.length === 0) return [title, `  ${none}`].join('\n');
  return [
    table(rows, {
      head: [title, seen, expected, margin, ofDays],
      align: ['left', 'right', 'right', 'right', 'right'],
    }),
    ...lines,
  ].join('\n');
}

/** What the figures of a forecast come to, and how good they are. */
export function forecastNotes(
  {past: {forecast: t}}: Texts,
  tenants: Past['forecast']['tenants'],
  leftBytes: number | undefined,
): string[] {
  return [
    ...(leftBytes === undefined
      ? []
      : [
          leftBytes < 0
            ? t.missing({missing: formatBytes(-leftBytes)})
            : t.left({left: formatBytes(leftBytes)}),
        ]),
    ...(tenants.some(({days: count}) => count < ENOUGH_DAYS) ? [t.few({days: ENOUGH_DAYS})] : []),
  ];
}

function slowdowns(t: Texts, {slowdowns: all, timeZone}: Past): string {
  const lines = all.map(({from, until, name = ''}) => {
    const end = until === undefined ? t.past.ongoing : shortTime(timeZone, until).slice(-5);
    return cutToWidth(`  ${shortTime(timeZone, from)} - ${end}  ${printableLine(name)}`, WIDTH);
  });
  return [t.past.slowdowns, ...(lines.length > 0 ? lines : [`  ${t.past.noSlowdowns}`])].join('\n');
}

function events(t: Texts, {events: all, timeZone}: Past): string {
  const shown = all
    .slice(0, EVENTS)
    .map(({at, kind, text}) => [`  ${shortTime(timeZone, at)}`, kindName(t, kind), printableLine(text)]);
  const lines = table(shown)
    .split('\n')
    .map((line) => cutToWidth(line, WIDTH));
  const more = all.length - EVENTS;
  return [
    t.past.events,
    ...(shown.length > 0 ? lines : [`  ${t.past.noEvents}`]),
    ...(more > 0 ? [`  ${t.past.eventsMore({count: more})}`] : []),
  ].join('\n');
}
