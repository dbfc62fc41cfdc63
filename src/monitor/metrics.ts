import type {DeviceFacts} from '../card/index.ts';
import type {Answers} from './ask.ts';
import type {ObjectivesStatus} from './objectives/index.ts';

type Labels = Readonly<Record<string, string>>;

interface Known extends Pick<Answers['now'], 'sample' | 'health'> {
  objectives: ObjectivesStatus | undefined;
}

/**
 * What the watch knows, in Prometheus' text format: base units, one `_info` series to join on the device's uuid. Zero
 * is told; what is not known is left out. Pure.
 */
export function metricsOf(facts: DeviceFacts | undefined, {sample, health, objectives}: Known): string {
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
  if (objectives) {
    const each = objectives.objectives;
    gauge(
      'objective_burning',
      '1 for what was told of an objective last: page or ticket.',
      each.flatMap(({objective, severity}) =>
        (['page', 'ticket'] as const).map((of): [Labels, number] => [
          {objective, severity: of},
          severity === of ? 1 : 0,
        ]),
      ),
    );
    gauge(
      'objective_burn_rate',
      'How fast the budget of an objective burns: at 1 it lasts exactly its month.',
      each.flatMap(({objective, windows}) =>
        windows.map(({minutes, rate}): [Labels, number] => [
          {objective, window: WINDOW[minutes] ?? ''},
          rate,
        ]),
      ),
    );
    gauge(
      'objective_budget_ratio',
      'The share that may miss an objective.',
      each.map(({objective, budgetRatio}) => [{objective}, budgetRatio]),
    );
    gauge(
      'objective_limit_seconds',
      'The longest that a first token, or a token, may take.',
      each.map(({objective, limitMs}) => [{objective}, limitMs === undefined ? undefined : limitMs / 1000]),
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

/** Windows of burn rates as Prometheus writes spans, by their minutes. */
const WINDOW: Readonly<Record<number, string>> = {5: '5m', 30: '30m', 60: '1h', 360: '6h', 4320: '3d'};

function written(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
