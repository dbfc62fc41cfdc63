import type {DeviceFacts} from '../card/index.ts';
import type {Answers} from './ask.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * What the watch knows, in Prometheus' text format: base units, one `_info` series to join on the device's uuid. Zero
 * is told; what is not known is left out. Pure.
 */
export function metricsOf(
  facts: DeviceFacts | undefined,
  {sample, health}: Pick<Answers['now'], 'sample' | 'health'>,
): string {
  const families: string[] = [];
  const gauge = (name: string, help: string, values: readonly [Labels, number | undefined][]): void => {
    const lines = values.flatMap(([labels, value]) =>
      value === undefined ? [] : [`berth_${name}${written(labels)} ${value}\n`],
    );
    if (lines.length > 0)
      families.push(`# HELP berth_${name} ${help}\n# TYPE berth_${name} gauge\n${lines.join('')}`);
  };
  if (facts) {
    const {kind, name, driver = ''} = facts;
    gauge('device_info', 'The device that is shared.', [[{uuid: facts.id, kind, name, driver}, 1]]);
  }
  if (sample && facts) {
    const {device, tenants} = sample;
    const uuid = {uuid: facts.id};
    const of = (name: string, help: string, value: number | undefined): void =>
      gauge(name, help, [[uuid, value]]);
    of('device_memory_total_bytes', 'Memory of the device.', device.totalBytes);
    of('device_memory_used_bytes', 'Memory in use, by whomever.', device.usedBytes);
    of('device_memory_free_bytes', 'Memory that a newcomer can get.', device.freeBytes);
    of('device_memory_reserved_bytes', 'Memory held back by driver or kernel.', device.reservedBytes);
    of('device_utilization_ratio', 'Share of its compute in use.', device.utilizationRatio);
    of('device_temperature_celsius', 'Temperature.', device.temperatureC);
    of('device_power_watts', 'Power that it draws.', device.powerW);
    of('device_seen_timestamp_seconds', 'When the device last answered.', device.seenAtMs / 1000);
    gauge(
      'tenant_memory_used_bytes',
      'Memory that each tenant holds; together, all that is used.',
      tenants.map(({key, kind, name, usedBytes}) => [{...uuid, tenant: key, kind, name}, usedBytes]),
    );
    gauge(
      'tenant_cpu_cores',
      'Cores that each tenant keeps busy.',
      tenants.map(({key, kind, name, cpuRatio}) => [{...uuid, tenant: key, kind, name}, cpuRatio]),
    );
  }
  gauge('watch_resident_memory_bytes', 'Memory of the watch.', [[{}, health.rssBytes]]);
  gauge('watch_cpu_ratio', 'Share of one core that the watch uses.', [[{}, health.cpuRatio]]);
  gauge('watch_store_bytes', 'Size of its history on disk.', [[{}, health.storeBytes]]);
  gauge('watch_store_writable', '1 while its history can be written.', [
    [{}, health.storeProblem === undefined ? 1 : 0],
  ]);
  return families.join('');
}

function written(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
