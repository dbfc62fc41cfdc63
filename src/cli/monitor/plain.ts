import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import {kindName, tenantName} from '../present/names.ts';
import {printableLine} from '../printable.ts';
import {fullTime} from '../zone.ts';
import type {LiveSample, Now} from './view.ts';

const NAMED = 3;

/** A sample as one line. Pure. */
export function plainSample(t: Texts, sample: LiveSample, timeZone: string): string {
  const {atMs, device, tenants, gateway} = sample;
  const holders = tenants
    .filter(({kind, usedBytes}) => kind !== 'unattributed' && kind !== 'rest' && usedBytes > 0)
    .slice(0, NAMED)
    .map((one) => `${printableLine(tenantName(t, one))} ${formatBytes(one.usedBytes)}`);
  const told = gateway && [
    t.monitor.requests(gateway),
    `${gateway.tokensPerSecond.toFixed(1)} ${t.monitor.speedLabel}`,
    ...(gateway.tpotMs
      ? [
          `${t.monitor.tpotLabel} ${t.monitor.quantiles({p50: formatDuration(gateway.tpotMs.p50), p99: formatDuration(gateway.tpotMs.p99)})}`,
        ]
      : []),
  ];
  return [
    fullTime(timeZone, atMs, 'seconds'),
    `${t.monitor.used} ${formatBytes(device.usedBytes)}, ${t.monitor.free} ${formatBytes(device.freeBytes)}`,
    ...holders,
    ...(told ?? [t.monitor.noGateway]),
  ].join(' | ');
}

/** An event as one line. Pure. */
export const plainEvent = (t: Texts, {atMs, kind, text}: Now['events'][number], timeZone: string): string =>
  `${fullTime(timeZone, atMs, 'seconds')} ! ${kindName(t, kind)}: ${printableLine(text)}`;
