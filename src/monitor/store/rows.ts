/** What a row holds of a sample, and a minute of its seconds. Pure. */
import {Sketch, readVarints, writeVarint} from '../../base/sketch.ts';
import type {GatewayWindow} from '../../hosts/index.ts';
import type {ProbeResult} from '../objectives/index.ts';
import type {Sample, SampledTenant, Spans} from '../sample.ts';

export const kib = (bytes: number): number => Math.round(bytes / 1024);
const thousandths = (value: number): number => Math.round(value * 1000);
const micros = thousandths;

/** A tenant's share of a row. */
export interface TenantUse {
  id: number;
  usedKib: number;
  /** Thousandths of a core. */
  cores: number;
}

export function encodeTenants(uses: readonly TenantUse[]): Uint8Array {
  const bytes: number[] = [];
  for (const {id, usedKib, cores} of uses)
    for (const value of [id, usedKib, cores]) writeVarint(bytes, value);
  return Uint8Array.from(bytes);
}

export function decodeTenants(bytes: Uint8Array): TenantUse[] {
  const numbers = readVarints(bytes);
  const uses: TenantUse[] = [];
  for (let at = 0; at + 2 < numbers.length; at += 3) {
    uses.push({id: numbers[at] ?? 0, usedKib: numbers[at + 1] ?? 0, cores: numbers[at + 2] ?? 0});
  }
  return uses;
}

export const useOf = (id: number, {usedBytes, cpuRatio = 0}: SampledTenant): TenantUse => ({
  id,
  usedKib: kib(usedBytes),
  cores: thousandths(cpuRatio),
});

type Cell = number | null | Uint8Array;

/** A device that is silent leaves its cells empty, and so does a gateway that does not answer. */
export const isFresh = ({atMs, device}: Sample): boolean => atMs - device.seenAtMs < 5000;

/** The cells of `second`, in the order of its columns. */
export function secondRow(
  sample: Sample,
  window: GatewayWindow | undefined,
  tenants: Uint8Array | null,
): Cell[] {
  const {device, gateway} = sample;
  const fresh = isFresh(sample);
  const {totalBytes, usedBytes, freeBytes, utilizationRatio, temperatureC, powerW} = device;
  return [
    sample.atMs,
    ...(fresh ? [kib(totalBytes), kib(usedBytes), kib(freeBytes)] : [null, null, null]),
    fresh && utilizationRatio !== undefined ? thousandths(utilizationRatio) : null,
    fresh && temperatureC !== undefined ? Math.round(temperatureC) : null,
    fresh && powerW !== undefined ? Math.round(powerW * 10) : null,
    ...(gateway ? [gateway.running, gateway.queued, gateway.held] : [null, null, null]),
    ...(window
      ? [
          window.tokens,
          window.requests.ok,
          window.requests.clientError,
          window.requests.serverError,
          window.requests.cancelled,
        ]
      : [null, null, null, null, null]),
    ...spanCells(gateway?.ttftMs),
    ...spanCells(gateway?.tpotMs),
    tenants,
  ];
}

const spanCells = (spans: Spans | undefined): Cell[] =>
  spans ? [micros(spans.p50), micros(spans.p99), micros(spans.max), spans.count] : [null, null, null, null];

/** The cells of `probe`, in the order of its columns. */
export const probeRow = ({atMs, ok, ttftMs, tpotMs, more}: ProbeResult): Cell[] => [
  atMs,
  ok ? 1 : 0,
  ttftMs === undefined ? null : micros(ttftMs),
  tpotMs === undefined ? null : micros(tpotMs),
  more,
];

/** A probe as it was written. */
export const probeFrom = (row: Row): ProbeResult => ({
  atMs: numberIn(row, 'at'),
  ok: numberIn(row, 'ok') === 1,
  ...(row.ttft !== null && {ttftMs: numberIn(row, 'ttft') / 1000}),
  ...(row.tpot !== null && {tpotMs: numberIn(row, 'tpot') / 1000}),
  more: numberIn(row, 'more'),
});

/** A minute that is being gathered. */
export interface Minute {
  /** Its first millisecond. */
  at: number;
  samples: number;
  /** Samples with a device that answered, and with a gateway. */
  seen: number;
  asked: number;
  total: number;
  used: Range;
  free: Range;
  util: {sum: number; max: number};
  temperatureMax: number | null;
  power: {sum: number; max: number};
  running: {sum: number; max: number};
  queuedMax: number;
  heldMax: number;
  tokens: number;
  ok: number;
  errors: number;
  faults: number;
  left: number;
  ttft: Sketch;
  tpot: Sketch;
  /** The most that each tenant held. */
  tenants: Map<number, TenantUse>;
}

interface Range {
  min: number;
  sum: number;
  max: number;
}

export const MINUTE_MS = 60_000;

export const minuteOf = (atMs: number): number => Math.floor(atMs / MINUTE_MS) * MINUTE_MS;

export const emptyMinute = (at: number): Minute => ({
  at,
  samples: 0,
  seen: 0,
  asked: 0,
  total: 0,
  used: {min: Infinity, sum: 0, max: 0},
  free: {min: Infinity, sum: 0, max: 0},
  util: {sum: 0, max: 0},
  temperatureMax: null,
  power: {sum: 0, max: 0},
  running: {sum: 0, max: 0},
  queuedMax: 0,
  heldMax: 0,
  tokens: 0,
  ok: 0,
  errors: 0,
  faults: 0,
  left: 0,
  ttft: new Sketch(),
  tpot: new Sketch(),
  tenants: new Map(),
});

/** Adds a second to its minute. */
export function addToMinute(
  minute: Minute,
  sample: Sample,
  window: GatewayWindow | undefined,
  uses: readonly TenantUse[],
): void {
  const {device, gateway} = sample;
  minute.samples++;
  if (isFresh(sample)) {
    minute.seen++;
    minute.total = kib(device.totalBytes);
    widen(minute.used, kib(device.usedBytes));
    widen(minute.free, kib(device.freeBytes));
    pile(minute.util, thousandths(device.utilizationRatio ?? 0));
    pile(minute.power, Math.round((device.powerW ?? 0) * 10));
    if (device.temperatureC !== undefined)
      minute.temperatureMax = Math.max(minute.temperatureMax ?? 0, Math.round(device.temperatureC));
    for (const use of uses) {
      const before = minute.tenants.get(use.id);
      minute.tenants.set(use.id, {
        id: use.id,
        usedKib: Math.max(before?.usedKib ?? 0, use.usedKib),
        cores: Math.max(before?.cores ?? 0, use.cores),
      });
    }
  }
  if (gateway) {
    minute.asked++;
    pile(minute.running, gateway.running);
    minute.queuedMax = Math.max(minute.queuedMax, gateway.queued);
    minute.heldMax = Math.max(minute.heldMax, gateway.held);
  }
  if (window) {
    minute.tokens += window.tokens;
    minute.ok += window.requests.ok;
    minute.errors += window.requests.clientError;
    minute.faults += window.requests.serverError;
    minute.left += window.requests.cancelled;
    minute.ttft.merge(Sketch.of(window.ttft));
    minute.tpot.merge(Sketch.of(window.tpot));
  }
}

function widen(range: Range, value: number): void {
  range.min = Math.min(range.min, value);
  range.max = Math.max(range.max, value);
  range.sum += value;
}

function pile(of: {sum: number; max: number}, value: number): void {
  of.sum += value;
  of.max = Math.max(of.max, value);
}

/** The cells of `minute`, in the order of its columns. */
export const minuteRow = (m: Minute): Cell[] => [
  ...[m.at, m.samples, m.seen, m.asked, m.total],
  ...(m.seen > 0
    ? [m.used.min, m.used.sum, m.used.max, m.free.min, m.free.sum, m.free.max]
    : [null, null, null, null, null, null]),
  ...[m.util.sum, m.util.max, m.temperatureMax, m.power.sum, m.power.max],
  ...[m.running.sum, m.running.max, m.queuedMax, m.heldMax],
  ...[m.tokens, m.ok, m.errors, m.faults, m.left],
  m.ttft.count > 0 ? m.ttft.encode() : null,
  m.tpot.count > 0 ? m.tpot.encode() : null,
  encodeTenants([...m.tenants.values()]),
];

/** A row of the database, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

export const numberIn = (row: Row, name: string): number => Number(row[name] ?? 0);

const bytesIn = (row: Row, name: string): Uint8Array | undefined =>
  row[name] instanceof Uint8Array ? row[name] : undefined;

/** A minute as it was written, to be gathered further or told. */
export function minuteFrom(row: Row): Minute {
  const n = (name: string): number => numberIn(row, name);
  const range = (name: string): Range => ({
    min: row[`${name}Min`] === null ? Infinity : n(`${name}Min`),
    sum: n(`${name}Sum`),
    max: n(`${name}Max`),
  });
  const [ttft, tpot, tenants] = ['ttft', 'tpot', 'tenants'].map((name) => bytesIn(row, name));
  return {
    at: n('at'),
    samples: n('samples'),
    seen: n('seen'),
    asked: n('asked'),
    total: n('total'),
    used: range('used'),
    free: range('free'),
    util: {sum: n('utilSum'), max: n('utilMax')},
    temperatureMax: row.temperatureMax === null ? null : n('temperatureMax'),
    power: {sum: n('powerSum'), max: n('powerMax')},
    running: {sum: n('runningSum'), max: n('runningMax')},
    queuedMax: n('queuedMax'),
    heldMax: n('heldMax'),
    tokens: n('tokens'),
    ok: n('ok'),
    errors: n('errors'),
    faults: n('faults'),
    left: n('left'),
    ttft: ttft ? Sketch.decode(ttft) : new Sketch(),
    tpot: tpot ? Sketch.decode(tpot) : new Sketch(),
    tenants: new Map(decodeTenants(tenants ?? new Uint8Array()).map((use) => [use.id, use])),
  };
}

/** Two spans of time as one. */
export function joinMinutes(into: Minute, other: Minute): void {
  into.samples += other.samples;
  into.seen += other.seen;
  into.asked += other.asked;
  into.total = other.total || into.total;
  for (const name of ['used', 'free'] as const) {
    into[name].min = Math.min(into[name].min, other[name].min);
    into[name].max = Math.max(into[name].max, other[name].max);
    into[name].sum += other[name].sum;
  }
  for (const name of ['util', 'power', 'running'] as const) {
    into[name].sum += other[name].sum;
    into[name].max = Math.max(into[name].max, other[name].max);
  }
  if (other.temperatureMax !== null)
    into.temperatureMax = Math.max(into.temperatureMax ?? 0, other.temperatureMax);
  into.queuedMax = Math.max(into.queuedMax, other.queuedMax);
  into.heldMax = Math.max(into.heldMax, other.heldMax);
  for (const name of ['tokens', 'ok', 'errors', 'faults', 'left'] as const) into[name] += other[name];
  into.ttft.merge(other.ttft);
  into.tpot.merge(other.tpot);
  for (const use of other.tenants.values()) {
    const before = into.tenants.get(use.id);
    into.tenants.set(use.id, {
      id: use.id,
      usedKib: Math.max(before?.usedKib ?? 0, use.usedKib),
      cores: Math.max(before?.cores ?? 0, use.cores),
    });
  }
}

/** A row of `second` as a minute of one second, so that both are told alike. */
export function secondAsMinute(row: Row): Minute {
  const n = (name: string): number => numberIn(row, name);
  const minute = emptyMinute(n('at'));
  minute.samples = 1;
  if (row.used !== null) {
    minute.seen = 1;
    minute.total = n('total');
    widen(minute.used, n('used'));
    widen(minute.free, n('free'));
    pile(minute.util, n('util'));
    pile(minute.power, n('power'));
    if (row.temperature !== null) minute.temperatureMax = n('temperature');
  }
  if (row.running !== null) {
    minute.asked = 1;
    pile(minute.running, n('running'));
    minute.queuedMax = n('queued');
    minute.heldMax = n('held');
  }
  for (const name of ['tokens', 'ok', 'errors', 'faults', 'left'] as const) minute[name] = n(name);
  for (const use of decodeTenants(bytesIn(row, 'tenants') ?? new Uint8Array()))
    minute.tenants.set(use.id, use);
  // Of a second only its quantiles were kept: enough to be told again, not enough to be merged.
  for (const name of ['ttft', 'tpot'] as const) {
    const count = n(`${name}Count`);
    if (count === 0) continue;
    const [p50, p99] = [n(`${name}50`) / 1000, n(`${name}99`) / 1000];
    const upper = Math.ceil(count / 100);
    minute[name].add(p50, count - upper);
    minute[name].add(p99, upper);
  }
  return minute;
}
