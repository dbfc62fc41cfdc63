import type {styleText} from 'node:util';
import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import {kindName, tenantName} from '../present/names.ts';
import {printableLine} from '../printable.ts';
import {cutToWidth, displayWidth, padToWidth} from '../width.ts';
import {clockTime} from '../zone.ts';
import type {LiveSample, View} from './view.ts';

type Style = Parameters<typeof styleText>[0];

/** A stretch of a line in one style. */
export interface Piece {
  text: string;
  style?: Style;
}
export type FrameLine = readonly Piece[];

export interface FrameOptions {
  columns: number;
  rows: number;
  nowMs: number;
  timeZone: string;
}

/** A device that has said nothing for so long is told as silent. */
const SILENT_MS = 5000;
const COLOURS = ['blue', 'yellow', 'green', 'magenta', 'cyan', 'red'] as const;
/** Told apart without colours too. */
const BLOCKS = ['█', '▓', '▒'] as const;
const LEAST = {columns: 30, rows: 6};

/** The present as lines that fit a window: at most `rows` of them, none wider than `columns`. Pure. */
export function frame(t: Texts, view: View, options: FrameOptions): FrameLine[] {
  const columns = Math.max(LEAST.columns, options.columns);
  const rows = Math.max(LEAST.rows, options.rows);
  const lines = [
    head(t, view, {...options, columns}),
    ...body(t, view, {...options, columns, rows: rows - 1}),
  ];
  return lines.slice(0, rows).map((line) => cutLine(line, columns));
}

function head(t: Texts, {deployment, host}: View, {nowMs, timeZone, columns}: FrameOptions): FrameLine {
  const left = `berth monitor · ${deployment} · ${host}`;
  const right = `${t.monitor.quit} · ${clockTime(timeZone, nowMs)}`;
  const gap = columns - displayWidth(left) - displayWidth(right);
  if (gap < 1) return [{text: left, style: 'bold'}];
  return [
    {text: left, style: 'bold'},
    {text: `${' '.repeat(gap)}${right}`, style: 'dim'},
  ];
}

function body(t: Texts, view: View, options: FrameOptions): FrameLine[] {
  const sample = view.now?.sample;
  const trouble = troubleOf(t, view, options.nowMs);
  if (!sample) return [[{text: trouble ?? t.monitor.waiting, style: 'yellow'}]];
  const {columns, rows} = options;
  const gateway = gatewayLines(t, view, columns);
  const fixed = 2 + gateway.length + (trouble === undefined ? 0 : 1);
  // What is left goes to the tenants first, and at least a line to the events where there is room.
  const room = Math.max(0, rows - fixed - 1);
  const wanted = sample.tenants.filter(isShown).length;
  const forTenants = Math.min(wanted, Math.max(1, Math.ceil(room * 0.6)));
  const forEvents = Math.max(0, room - forTenants);
  const spare = Math.max(0, forEvents - (view.now?.events.length ?? 0));
  const {lines, marks} = tenantLines(t, sample, Math.min(wanted, forTenants + spare), columns);
  return [
    ...(trouble === undefined ? [] : [[{text: trouble, style: 'yellow' as const}]]),
    deviceLine(t, sample),
    barLine(sample, marks, columns),
    ...lines,
    ...gateway,
    ...(forEvents > 0 ? eventLines(t, view, forEvents, options) : []),
  ];
}

function troubleOf(t: Texts, {now, silent, answeredAtMs}: View, nowMs: number): string | undefined {
  if (silent) return t.monitor.noAnswer({ago: formatDuration(nowMs - (answeredAtMs ?? nowMs))});
  const seen = now?.sample?.device.seenAtMs;
  const atMs = now?.sample?.atMs;
  if (seen === undefined || atMs === undefined || atMs - seen < SILENT_MS) return undefined;
  return t.monitor.silent({ago: formatDuration(atMs - seen)});
}

function deviceLine(t: Texts, {device}: LiveSample): FrameLine {
  const {totalBytes, usedBytes, freeBytes, utilizationRatio, temperatureC, powerW} = device;
  const told = [
    t.monitor.of({
      used: formatBytes(usedBytes),
      total: formatBytes(totalBytes),
      free: formatBytes(freeBytes),
    }),
    ...(utilizationRatio === undefined ? [] : [`${Math.round(utilizationRatio * 100)} %`]),
    ...(temperatureC === undefined ? [] : [`${temperatureC} °C`]),
    ...(powerW === undefined ? [] : [`${Math.round(powerW)} W`]),
  ];
  return [{text: told.join(' · ')}];
}

type Tenant = LiveSample['tenants'][number];
/** How a tenant is drawn in the bar. */
interface Mark {
  tenant: Tenant;
  block: string;
  style: Style;
}

const isShown = ({usedBytes, cpuRatio = 0}: Tenant): boolean => usedBytes > 0 || cpuRatio > 0;

function tenantLines(
  t: Texts,
  {tenants}: LiveSample,
  count: number,
  columns: number,
): {lines: FrameLine[]; marks: Mark[]} {
  const shown = tenants.filter(isShown);
  // The last line says what the others hold together.
  const named = shown.length <= count ? shown : shown.slice(0, Math.max(0, count - 1));
  const others = shown.slice(named.length);
  const marks = named.map((tenant, at) => markOf(tenant, at));
  const nameWidth = Math.max(12, columns - 26);
  const lines = marks.map(({tenant, block, style}): FrameLine => {
    const name = cutToWidth(printableLine(tenantName(t, tenant)), nameWidth);
    const cores = tenant.cpuRatio === undefined ? '' : t.monitor.cores({count: tenant.cpuRatio.toFixed(1)});
    return [
      {text: block, style},
      {
        text: ` ${padToWidth(name, nameWidth)} ${padToWidth(formatBytes(tenant.usedBytes), 9, 'right')} ${padToWidth(cores, 10, 'right')}`,
      },
    ];
  });
  if (others.length === 0) return {lines, marks};
  const size = formatBytes(others.reduce((sum, {usedBytes}) => sum + usedBytes, 0));
  const rest: FrameLine = [
    {text: '▒', style: 'gray'},
    {text: ` ${t.monitor.more({count: others.length, size})}`, style: 'dim'},
  ];
  return {lines: count > 0 ? [...lines, rest] : lines, marks};
}

function markOf(tenant: Tenant, at: number): Mark {
  const plain = tenant.kind === 'rest' || tenant.kind === 'unattributed';
  return {
    tenant,
    block: plain ? '▒' : (BLOCKS[at % BLOCKS.length] ?? '█'),
    style: plain ? 'gray' : (COLOURS[at % COLOURS.length] ?? 'blue'),
  };
}

/** The whole device: a block of each tenant that holds a column of it, then what others hold, then what is free. */
function barLine({device, tenants}: LiveSample, marks: readonly Mark[], columns: number): FrameLine {
  const width = columns - 1;
  const perColumn = device.totalBytes / width;
  const pieces: Piece[] = [];
  let held = 0;
  let drawn = 0;
  const draw = (bytes: number, block: string, style: Style): void => {
    held += bytes;
    // Rounded by where each ends, so that the sum is right.
    const end = Math.min(width, Math.round(held / perColumn));
    if (end > drawn) pieces.push({text: block.repeat(end - drawn), style});
    drawn = Math.max(drawn, end);
  };
  for (const {tenant, block, style} of marks) draw(tenant.usedBytes, block, style);
  const named = new Set(marks.map(({tenant}) => tenant));
  draw(
    tenants.filter((one) => !named.has(one)).reduce((sum, {usedBytes}) => sum + usedBytes, 0),
    '▒',
    'gray',
  );
  return [...pieces, {text: '░'.repeat(width - drawn), style: 'dim'}];
}

function gatewayLines(t: Texts, {now, speeds, tpots}: View, columns: number): FrameLine[] {
  const gateway = now?.sample?.gateway;
  if (!gateway) return [[{text: t.monitor.noGateway, style: 'yellow'}]];
  const {running, queued, held, tokensPerSecond, ttftMs, tpotMs} = gateway;
  const labels = [t.monitor.requestsLabel, t.monitor.speedLabel, t.monitor.ttftLabel, t.monitor.tpotLabel];
  const width = Math.max(...labels.map(displayWidth));
  const line = (label: string, value: string, chart: readonly number[] = []): FrameLine => {
    const text = `${padToWidth(label, width)}  ${value}`;
    // Charts of both lines begin at the same column.
    const start = Math.max(width + 28, displayWidth(text) + 2);
    return [
      {text: padToWidth(text, start)},
      // One value is no course.
      {text: chart.length > 1 ? sparkline(chart, Math.min(60, columns - start)) : '', style: 'cyan'},
    ];
  };
  const quantiles = (of: typeof ttftMs): string =>
    of
      ? t.monitor.quantiles({p50: formatDuration(of.p50), p99: formatDuration(of.p99)})
      : t.monitor.noRequests;
  return [
    line(t.monitor.requestsLabel, t.monitor.requests({running, queued, held})),
    line(t.monitor.speedLabel, tokensPerSecond.toFixed(1), speeds),
    line(t.monitor.ttftLabel, quantiles(ttftMs)),
    line(t.monitor.tpotLabel, quantiles(tpotMs), tpots),
  ];
}

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The last values as columns, the largest full. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const most = Math.max(0, ...shown);
  return shown
    .map((value) => LEVELS[most > 0 ? Math.min(7, Math.floor((value / most) * 8)) : 0] ?? '▁')
    .join('');
}

function eventLines(t: Texts, {now}: View, count: number, {timeZone}: FrameOptions): FrameLine[] {
  const events = now?.events ?? [];
  const heading: FrameLine = [{text: t.monitor.events, style: 'bold'}];
  if (events.length === 0) return [[...heading, {text: `  ${t.monitor.noEvents}`, style: 'dim'}]];
  return [
    heading,
    ...events
      .slice(0, count)
      .map(({atMs, kind, text}): FrameLine => [
        {text: clockTime(timeZone, atMs), style: 'dim'},
        {text: `  ${kindName(t, kind)}`, style: 'yellow'},
        {text: `  ${printableLine(text)}`},
      ]),
  ];
}

/** Cut before it is coloured, so that no escape sequence is cut in two. */
function cutLine(line: FrameLine, columns: number): FrameLine {
  let left = columns;
  return line.flatMap((piece) => {
    const text = left > 0 ? cutToWidth(piece.text, left) : '';
    left -= displayWidth(piece.text);
    return text === '' ? [] : [{...piece, text}];
  });
}
