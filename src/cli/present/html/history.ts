import type {Texts} from '../../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../../base/units.ts';
import type {Past} from '../../../capacity/index.ts';
import {shortTime} from '../../zone.ts';
import {kindName, tenantName} from '../names.ts';
import {forecastNotes} from '../past.ts';
import {showBytes, showCount, showMs, type TimeAxis} from './axes.ts';
import {barChart, lineChart, stackChart, stayChart, type Band, type Step} from './charts.ts';
import {markup, type Markup} from './markup.ts';
import {empty, figures, legend, section, tableOf} from './parts.ts';
import {coloured, fitLayers, layersOf, shortName} from './tenants.ts';

/** Rows of a table of events; the rest is in --json. */
const EVENTS = 60;
/** Tenants with a row of their own, in chart and table. */
const TENANTS = 14;

type Point = Past['series'][number];

export const axisOf = ({since, until, timeZone}: Past): TimeAxis => ({
  fromMs: Date.parse(since),
  untilMs: Date.parse(until),
  timeZone,
});

const stepsOf = (series: Past['series'], value: (point: Point) => number | undefined): Step[] =>
  series.flatMap((point) => {
    const found = value(point);
    return found === undefined ? [] : [{atMs: Date.parse(point.at), value: found}];
  });

const mostOf = (steps: readonly Step[]): number => Math.max(0, ...steps.map(({value}) => value));

export function memorySection(t: Texts, past: Past): Markup {
  const series = past.series.filter(({maxUsedBytes}) => maxUsedBytes !== undefined);
  const last = series.at(-1);
  if (!last) return section(t.past.page.memory, empty(t.past.nothingMeasured));
  const layers = layersOf(t, coloured(past.tenants), series);
  const total = last.totalBytes ?? 0;
  const most = Math.max(...series.map(({maxUsedBytes = 0}) => maxUsedBytes));
  const time = axisOf(past);
  const said = {
    from: shortTime(past.timeZone, past.since),
    until: shortTime(past.timeZone, past.until),
    most: formatBytes(most),
    total: formatBytes(total),
  };
  return section(
    t.past.page.memory,
    markup`<p class="dim">${t.past.page.memoryDescription(said)}</p>`,
    legend(layers.map(({name, colour, most: high}) => ({colour, text: `${name} · ${formatBytes(high)}`}))),
    stackChart(
      {id: 'memory', title: t.past.page.memory, description: t.past.page.memoryDescription(said)},
      time,
      {
        at: series.map(({at}) => Date.parse(at)),
        stepMs: past.stepMs,
        layers: fitLayers(
          layers,
          series.map(({maxUsedBytes = 0}) => maxUsedBytes),
        ),
        limit: {value: Math.max(total, most), name: `${t.past.page.total} ${formatBytes(total)}`},
      },
    ),
    figures(
      t.past.page.figures,
      tableOf(
        [
          {head: t.past.page.time, kind: 't'},
          {head: t.past.page.used, kind: 'n'},
          {head: t.past.page.free, kind: 'n'},
          ...layers.map(({name}) => ({head: name, kind: 'n' as const})),
        ],
        series.map((point, at) => [
          shortTime(past.timeZone, point.at),
          formatBytes(point.maxUsedBytes ?? 0),
          formatBytes(point.minFreeBytes ?? 0),
          ...layers.map(({values}) => formatBytes(values[at] ?? 0)),
        ]),
      ),
    ),
  );
}

export function modelSection(t: Texts, past: Past): Markup | undefined {
  const {model} = past;
  if (!model) return undefined;
  const steps = stepsOf(past.series, ({tenants}) => tenants.model);
  if (steps.length === 0) return section(t.past.page.modelMemory, empty(t.past.nothingMeasured));
  const description = t.past.page.modelMemoryDescription({
    most: formatBytes(mostOf(steps)),
    budget: formatBytes(model.budgetBytes),
  });
  return section(
    t.past.page.modelMemory,
    markup`<p class="dim">${description}</p>`,
    lineChart({id: 'budget', title: t.past.page.modelMemory, description}, axisOf(past), {
      ...{stepMs: past.stepMs, show: showBytes, base: 1024},
      lines: [{name: t.past.model, colour: 'model', steps}],
      level: {value: model.budgetBytes, name: `${t.past.page.budget} ${formatBytes(model.budgetBytes)}`},
    }),
  );
}

export function whoSection(t: Texts, past: Past): Markup {
  const everyone = coloured(past.tenants).filter(({tenant}) => tenant.kind !== 'unattributed');
  const tenants = everyone.slice(0, TENANTS);
  const more = everyone.length - tenants.length;
  if (tenants.length === 0) return section(t.past.page.who, empty(t.past.noTenants));
  const stays = tenants.map(({tenant, colour}) => ({
    name: shortName(t, tenant),
    colour,
    steps: stepsOf(past.series, ({tenants: held}) => held[tenant.key]),
  }));
  const lastAt = past.series.at(-1)?.at;
  return section(
    t.past.page.who,
    stayChart(
      {
        id: 'who',
        title: t.past.page.who,
        description: t.past.page.whoDescription({count: tenants.length}),
      },
      axisOf(past),
      stays,
      past.stepMs,
    ),
    tableOf(
      [
        {head: t.past.who},
        {head: t.past.most, kind: 'n'},
        {head: t.past.cores, kind: 'n'},
        {head: t.past.from, kind: 't'},
        {head: t.past.until, kind: 't'},
        {head: t.past.present, kind: 'n'},
      ],
      tenants.map(({tenant}) => [
        markup`${tenantName(t, tenant)}${detailOf(tenant)}`,
        formatBytes(tenant.maxBytes),
        tenant.maxCores.toFixed(1),
        shortTime(past.timeZone, tenant.firstSeen),
        tenant.lastSeen === lastAt ? t.past.still : shortTime(past.timeZone, tenant.lastSeen),
        formatDuration(tenant.presentMs),
      ]),
    ),
    more > 0 ? markup`<p class="dim">${t.past.tenantsMore({count: more})}</p>` : undefined,
  );
}

/** Who it is beside its name, in its own words: a command line can hold anything. */
function detailOf({kind, user, command}: Past['tenants'][number]): Markup | undefined {
  const told = [user, command].filter((one) => one !== undefined);
  return kind === 'outsider' && told.length > 0
    ? markup`<small>${told.join(': ').slice(0, 240)}</small>`
    : undefined;
}

const bandsOf = (t: Texts, past: Past): Band[] =>
  past.slowdowns.map(({from, until, name}) => ({
    fromMs: Date.parse(from),
    untilMs: Date.parse(until ?? past.until),
    name: name === undefined ? t.past.page.slowed : `${t.past.page.slowed}: ${name}`,
  }));

export function latencySections(t: Texts, past: Past): Markup[] {
  const spans = (of: 'ttft' | 'tpot', which: 'p50Ms' | 'p99Ms'): Step[] =>
    stepsOf(past.series, (point) => point[of]?.[which]);
  const speed = stepsOf(past.series, ({tokensPerSecond}) => tokensPerSecond);
  const time = axisOf(past);
  const common = {stepMs: past.stepMs, bands: bandsOf(t, past)};
  const tpot = {p50: spans('tpot', 'p50Ms'), p99: spans('tpot', 'p99Ms')};
  if (tpot.p50.length === 0) return [section(t.past.page.tpot, empty(t.past.noRequests))];
  const slowed = common.bands.length > 0 ? [{colour: 'band', text: t.past.page.slowed}] : [];
  const description = t.past.page.tpotDescription({
    p50: formatDuration(mostOf(tpot.p50)),
    p99: formatDuration(mostOf(tpot.p99)),
  });
  const most = t.past.page.tokensDescription({most: showCount(mostOf(speed))});
  return [
    section(
      t.past.page.tpot,
      markup`<p class="dim">${description}</p>`,
      legend([{colour: 'model', text: t.past.page.p50}, {colour: 't1', text: t.past.page.p99}, ...slowed]),
      lineChart({id: 'tpot', title: t.past.page.tpot, description}, time, {
        ...common,
        show: showMs,
        lines: [
          {name: t.past.page.p99, colour: 't1', steps: tpot.p99},
          {name: t.past.page.p50, colour: 'model', steps: tpot.p50},
        ],
      }),
      figures(t.past.page.figures, latencyTable(t, past)),
    ),
    section(
      t.past.page.tokens,
      markup`<p class="dim">${most}</p>`,
      lineChart({id: 'tokens', title: t.past.page.tokens, description: most}, time, {
        ...common,
        show: showCount,
        lines: [{name: t.past.page.tokens, colour: 'model', steps: speed}],
      }),
    ),
  ];
}

function latencyTable(t: Texts, past: Past): Markup {
  const show = (value: number | undefined): string => (value === undefined ? '' : formatDuration(value));
  return tableOf(
    [
      {head: t.past.page.time, kind: 't'},
      {head: t.past.page.tokens, kind: 'n'},
      {head: `${t.past.page.tpot} (${t.past.page.p50})`, kind: 'n'},
      {head: `${t.past.page.tpot} (${t.past.page.p99})`, kind: 'n'},
      {head: `${t.past.page.ttft} (${t.past.page.p50})`, kind: 'n'},
      {head: `${t.past.page.ttft} (${t.past.page.p99})`, kind: 'n'},
    ],
    past.series
      .filter(({tpot, ttft}) => tpot ?? ttft)
      .map(({at, tokensPerSecond, tpot, ttft}) => [
        shortTime(past.timeZone, at),
        tokensPerSecond === undefined ? '' : showCount(tokensPerSecond),
        ...[tpot?.p50Ms, tpot?.p99Ms, ttft?.p50Ms, ttft?.p99Ms].map(show),
      ]),
  );
}

export function slowdownSection(t: Texts, past: Past): Markup {
  if (past.slowdowns.length === 0) return section(capital(t.past.slowdowns), empty(t.past.noSlowdowns));
  return section(
    capital(t.past.slowdowns),
    tableOf(
      [
        {head: t.past.from, kind: 't'},
        {head: t.past.until, kind: 't'},
        {head: t.past.who},
        {head: t.past.page.detail},
      ],
      past.slowdowns.map(({from, until, name, text}) => [
        shortTime(past.timeZone, from),
        until === undefined ? t.past.ongoing : shortTime(past.timeZone, until),
        name ?? '',
        text,
      ]),
    ),
  );
}

export function forecastSection(t: Texts, {forecast: {tenants, leftBytes}}: Past): Markup {
  const {title, about, seen, expected, margin, days, none} = t.past.forecast;
  if (tenants.length === 0) return section(capital(title), empty(none));
  return section(
    capital(title),
    markup`<p class="dim">${about}</p>`,
    tableOf(
      [
        {head: t.past.who},
        {head: seen, kind: 'n'},
        {head: expected, kind: 'n'},
        {head: margin, kind: 'n'},
        {head: days, kind: 'n'},
      ],
      tenants.map((one) => [
        tenantName(t, one),
        formatBytes(one.seenBytes),
        formatBytes(one.bytes),
        `${Math.round(one.marginRatio * 100)} %`,
        one.days,
      ]),
    ),
    markup`<p>${forecastNotes(t, tenants, leftBytes).join(' ')}</p>`,
  );
}

export function daysSection(t: Texts, past: Past): Markup {
  const {days} = past;
  if (days.length === 0) return section(t.past.page.days, empty(t.past.nothingMeasured));
  const total = Math.max(...past.series.map(({totalBytes = 0}) => totalBytes));
  return section(
    t.past.page.days,
    barChart(
      {id: 'days', title: t.past.page.days, description: t.past.page.daysDescription({count: days.length})},
      days.map(({day, minFreeBytes}) => ({name: day, value: minFreeBytes, label: formatBytes(minFreeBytes)})),
      total,
    ),
    tableOf(
      [
        {head: t.past.day, kind: 't'},
        {head: t.past.leastFree, kind: 'n'},
        {head: t.past.when, kind: 't'},
        {head: t.past.mostUsed, kind: 'n'},
        {head: t.past.modelMost, kind: 'n'},
        {head: t.past.measuredFor, kind: 'n'},
      ],
      days.map((one) => [
        one.day,
        formatBytes(one.minFreeBytes),
        shortTime(past.timeZone, one.minFreeAt),
        formatBytes(one.maxUsedBytes),
        one.modelMaxBytes === undefined ? '' : formatBytes(one.modelMaxBytes),
        formatDuration(one.measuredMs),
      ]),
    ),
  );
}

export function eventsSection(t: Texts, past: Past): Markup {
  const {events} = past;
  if (events.length === 0) return section(t.past.page.events, empty(t.past.noEvents));
  const more = events.length - EVENTS;
  return markup`<section><h2>${t.past.page.events}</h2>${tableOf(
    [{head: t.past.page.time, kind: 't'}, {head: t.past.page.event, kind: 't'}, {head: t.past.page.detail}],
    events
      .slice(0, EVENTS)
      .map(({at, kind, text}) => [shortTime(past.timeZone, at), kindName(t, kind), text.slice(0, 400)]),
  )}${more > 0 ? markup`<p class="dim">${t.past.eventsMore({count: more})}</p>` : undefined}</section>
`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
