import type {Texts} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import {deviceName, type LeaseReport} from '../../capacity/index.ts';
import type {DeviceFacts} from '../../card/index.ts';
import {printable} from '../printable.ts';
import {keyValues, table} from '../table.ts';
import {cutToWidth} from '../width.ts';

const TENANT_WIDTH = 28;

/** `RAM`, or the beginning of a card's UUID. */
const shortDevice = (t: Texts, device: string): string =>
  device === 'cpu' ? t.lease.ram : device.slice(0, 12);

/** How the promise is kept, and why it is not kept better. */
export function keptBy(
  {lease: t}: Texts,
  {tier, why, detail}: Pick<LeaseReport, 'tier' | 'why' | 'detail'>,
): string {
  const kept = `${tier}, ${t.tier[tier]}`;
  const reason = why === undefined ? kept : `${kept}: ${t.why[why]}`;
  return detail === undefined ? reason : `${reason} (${printable(detail)})`;
}

function tenantOf({lease: t}: Texts, {container, process, tenant}: LeaseReport): string {
  const state = t.tenant[tenant];
  if (container) return `${container.name} (${state})`;
  return process ? `${printable(process.command)} (pid ${process.pid})` : state;
}

const endOf = ({lease: t}: Texts, {expiresAt, bound}: LeaseReport): string | undefined => {
  if (expiresAt !== undefined) return t.ends({at: expiresAt.replace(/\.\d+Z$/, 'Z')});
  return bound ? t.endsWithTenant : undefined;
};

/** One line a lease. */
export function presentLeases(texts: Texts, leases: readonly LeaseReport[]): string {
  const {lease: t} = texts;
  if (leases.length === 0) return t.none;
  const {name, size, used, tier, tenant, ends} = t.head;
  const rows = leases.map((one) => [
    one.name,
    `${formatBytes(one.bytes)} ${shortDevice(texts, one.device)}`,
    formatBytes(one.usedBytes),
    one.tier,
    cutToWidth(tenantOf(texts, one), TENANT_WIDTH),
    endOf(texts, one) ?? t.never,
  ]);
  return table(rows, {head: [name, size, used, tier, tenant, ends], align: ['left', 'right', 'right']});
}

/** All that is known of one. */
export function presentLease(texts: Texts, one: LeaseReport): string {
  const {lease: t} = texts;
  const ends = endOf(texts, one);
  const rows: (readonly [string, string])[] = [
    [t.head.name, one.name],
    [t.label.promised, `${formatBytes(one.bytes)} ${shortDevice(texts, one.device)}`],
    [t.label.used, formatBytes(one.usedBytes)],
    [t.label.kept, keptBy(texts, one)],
    [t.label.tenant, tenantOf(texts, one)],
    ...(one.process?.group === undefined ? [] : [[t.label.group, one.process.group] as const]),
    [t.label.owner, one.owner],
    ...(one.note === undefined ? [] : [[t.label.note, printable(one.note)] as const]),
    [t.label.since, one.createdAt],
    ...(ends === undefined ? [] : [[t.label.ends, ends] as const]),
  ];
  return keyValues(rows);
}

export interface PresentedAddition {
  lease: LeaseReport;
  device: Pick<DeviceFacts, 'kind' | 'name'>;
  logFile?: string | undefined;
}

/** A lease that was just made. */
export function presentAdded(texts: Texts, {lease, device, logFile}: PresentedAddition): string {
  const {lease: t} = texts;
  const ends = endOf(texts, lease);
  return [
    t.added({name: lease.name, size: formatBytes(lease.bytes), device: deviceName(texts, device)}),
    keyValues(
      [
        [t.label.kept, keptBy(texts, lease)],
        [t.label.tenant, tenantOf(texts, lease)],
        ...(logFile === undefined ? [] : [[t.label.output, logFile] as const]),
        ...(ends === undefined ? [] : [[t.label.ends, ends] as const]),
      ],
      '  ',
    ),
  ].join('\n');
}
