import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import {bindingSum, sumLines, type CapacityReport, type Tenant} from '../../capacity/index.ts';
import {bar, keyValues, table} from '../table.ts';
import {cutToWidth} from '../width.ts';
import {presentPast} from './past.ts';

const NAME_WIDTH = 30;
const BAR_WIDTH = 14;

const size = (value: number | undefined): string => (value === undefined ? '' : formatBytes(value));

function nameOf(t: Texts, tenant: Tenant): string {
  switch (tenant.kind) {
    case 'model':
    case 'berth':
      return `${tenant.name} (${t.capacity.kind[tenant.kind]})`;
    case 'lease':
      return `${tenant.name} (${t.capacity.leaseOf({size: size(tenant.promisedBytes), tier: tenant.tier ?? ''})})`;
    case 'outsider': {
      const where = tenant.containerId === undefined ? tenant.user : `@${tenant.containerId.slice(0, 12)}`;
      const notes = [
        ...(where === undefined ? [] : [where]),
        ...(tenant.uses === 'graphics' ? [t.capacity.graphics] : []),
      ];
      return notes.length === 0 ? tenant.name : `${tenant.name} (${notes.join(', ')})`;
    }
    case 'rest':
      return t.capacity.kind.rest;
    case 'unattributed':
      return t.capacity.kind.unattributed;
  }
}

function deviceLines(t: Texts, {device, host, memory}: CapacityReport): string {
  const sum = [
    `${t.capacity.total} ${size(memory.totalBytes)}`,
    `${t.capacity.used} ${size(memory.usedBytes)} + ${t.capacity.free} ${size(memory.freeBytes)}`,
    `${device.kind === 'gpu' ? t.capacity.reservedByDriver : t.capacity.reserved} ${size(memory.reservedBytes)}`,
  ];
  return keyValues([
    [t.capacity.device, cutToWidth(`${device.name} · ${host}`, 64)],
    ['', `${sum[0] ?? ''} = ${sum[1] ?? ''} + ${sum[2] ?? ''}`],
    ...cardLines(t, device).map((line) => ['', line] as const),
  ]);
}

/** What only a card tells, and what is wrong with it. */
function cardLines(t: Texts, device: CapacityReport['device']): string[] {
  const {driver, cudaCeiling, utilizationRatio, temperatureC, powerW, powerLimitW, throttle = []} = device;
  const limits = throttle.filter((reason) => reason !== 'idle').map((reason) => t.card.throttle[reason]);
  const watts = powerLimitW === undefined ? '' : ` / ${Math.round(powerLimitW)} W`;
  const told = [
    [
      ...(driver === undefined ? [] : [t.capacity.driver({version: driver})]),
      ...(cudaCeiling === undefined ? [] : [t.capacity.cuda({version: cudaCeiling})]),
    ],
    device.kind === 'cpu'
      ? []
      : [
          ...(utilizationRatio === undefined ? [] : [`${Math.round(utilizationRatio * 100)} %`]),
          ...(temperatureC === undefined ? [] : [`${temperatureC} °C`]),
          ...(powerW === undefined ? [] : [`${powerW.toFixed(1)} W${watts}`]),
          ...(limits.length === 0 ? [] : [t.capacity.limitedBy({reasons: limits.join(', ')})]),
        ],
    device.processesHidden ? [t.capacity.processesHidden] : [],
  ];
  const broken = (device.faults ?? []).map(({name, detail = ''}) => `! ${t.card.fault[name].what({detail})}`);
  return [...told.filter((parts) => parts.length > 0).map((parts) => parts.join(' · ')), ...broken].map(
    (line) => cutToWidth(line, 68),
  );
}

function tenantTable(t: Texts, {tenants, memory}: CapacityReport): string {
  // A card does not tell what a process held at most.
  const peaks = tenants.some(({peakBytes}) => peakBytes !== undefined);
  const peak = (text: string): string[] => (peaks ? [text] : []);
  const head = [t.capacity.tenant, t.capacity.now, ...peak(t.capacity.peak), '', ''];
  const rows = tenants.map((tenant) => [
    cutToWidth(nameOf(t, tenant), NAME_WIDTH),
    size(tenant.usedBytes),
    ...peak(size(tenant.peakBytes)),
    bar(tenant.usedBytes / memory.totalBytes, BAR_WIDTH),
    tenant.processes > 0 ? t.capacity.processes({count: tenant.processes}) : '',
  ]);
  return table(
    [
      ...rows,
      [
        t.capacity.free,
        size(memory.freeBytes),
        ...peak(''),
        bar(memory.freeBytes / memory.totalBytes, BAR_WIDTH),
        '',
      ],
    ],
    {
      head,
      align: ['left', 'right', ...(peaks ? ['right' as const] : []), 'left', 'right'],
    },
  );
}

function modelLines(t: Texts, {model, device}: CapacityReport): string {
  if (!model) return t.capacity.notDeployed;
  const notes = [
    ...(model.standIn ? [t.capacity.standIn] : []),
    ...(model.running ? [] : [t.capacity.notRunning]),
  ];
  const title = `${model.model} ${model.variant}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
  const measured = model.measuredPeakBytes;
  const peak = model.peakBytes === undefined ? t.capacity.notAvailable : `≤ ${size(model.peakBytes)}`;
  const programs = t.capacity.programsOf({
    used: size(model.programs.usedBytes),
    allowance: size(model.programs.allowanceBytes),
  });
  return keyValues([
    [t.capacity.modelTitle, title],
    ...(model.device === undefined || model.device === device.kind
      ? []
      : [['', t.capacity.otherDevice[model.device]] as const]),
    [`  ${t.capacity.now}`, size(model.usedBytes)],
    ...(device.kind === 'gpu' ? [] : [[`  ${t.capacity.peak}`, peak] as const]),
    [`  ${t.capacity.predicted}`, size(model.predictedPeakBytes)],
    [`  ${t.capacity.measured}`, measured === undefined ? t.capacity.notAvailable : size(measured)],
    [`  ${t.capacity.budget}`, size(model.budgetBytes)],
    [`  ${t.capacity.headroom}`, size(model.headroomBytes)],
    // They use no card.
    ...(device.kind === 'gpu' ? [] : [[t.capacity.programs, programs] as const]),
  ]);
}

function fitsLines(t: Texts, {fits, memory}: CapacityReport): string {
  const how = t.capacity.guaranteedHow({
    free: size(memory.freeBytes),
    growth: size(
      fits.modelGrowthBytes + fits.programsGrowthBytes + fits.leasesGrowthBytes + fits.othersGrowthBytes,
    ),
    margin: size(fits.safetyMarginBytes),
  });
  const sums = table(
    [
      [`  ${t.capacity.guaranteed}`, size(fits.guaranteedBytes), how],
      [`  ${t.capacity.opportunistic}`, size(fits.opportunisticBytes), t.capacity.opportunisticHow],
    ],
    {align: ['left', 'right', 'left']},
  );
  const examples = table(
    fits.examples.map((example) => [
      `  ${example.kind === 'model' ? example.name : t.capacity.neighbour({size: size(example.neededBytes)})}`,
      size(example.neededBytes),
      t.capacity.fits[example.fits],
    ]),
    {align: ['left', 'right', 'left']},
  );
  const {largestLease} = fits;
  return [
    t.capacity.fitsTitle,
    sums,
    examples,
    '',
    t.capacity.largestLease({size: size(largestLease.bytes)}),
    ...sumLines(t, bindingSum(largestLease)).map((line) => `  ${line}`),
  ].join('\n');
}

function latencyLines(t: Texts, {latency}: CapacityReport): string {
  if (!latency) return t.capacity.latencyNone;
  const span = (value: number | undefined): string =>
    value === undefined ? t.capacity.notAvailable : formatDuration(value);
  const rows = (['ttft', 'tpot', 'e2e'] as const).map((name) => {
    const {count, p50Ms, p90Ms, p95Ms, p99Ms} = latency[name];
    return [`  ${t.capacity[name]}`, String(count), ...[p50Ms, p90Ms, p95Ms, p99Ms].map(span)];
  });
  return table(rows, {
    head: [
      t.capacity.latencyTitle({span: formatDuration(latency.sinceMs)}),
      t.capacity.count,
      'p50',
      'p90',
      'p95',
      'p99',
    ],
    align: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
}

/** The whole report, at most 80 columns wide. */
export const presentCapacity = (t: Texts, report: CapacityReport): string =>
  [
    deviceLines(t, report),
    tenantTable(t, report),
    modelLines(t, report),
    fitsLines(t, report),
    latencyLines(t, report),
    ...(report.history ? [presentPast(t, report.history)] : []),
  ].join('\n\n');
