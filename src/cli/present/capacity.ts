import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import type {CapacityReport, Tenant} from '../../capacity/index.ts';
import {bar, keyValues, table} from '../table.ts';
import {cutToWidth} from '../width.ts';

const NAME_WIDTH = 30;
const BAR_WIDTH = 14;

const size = (value: number | undefined): string => (value === undefined ? '' : formatBytes(value));

function nameOf(t: Texts, tenant: Tenant): string {
  switch (tenant.kind) {
    case 'model':
    case 'berth':
      return `${tenant.name} (${t.capacity.kind[tenant.kind]})`;
    case 'outsider': {
      const where = tenant.containerId === undefined ? tenant.user : `@${tenant.containerId.slice(0, 12)}`;
      return where === undefined ? tenant.name : `${tenant.name} (${where})`;
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
    `${t.capacity.reserved} ${size(memory.reservedBytes)}`,
  ];
  return keyValues([
    [t.capacity.device, cutToWidth(`${device.name} · ${host}`, 64)],
    ['', `${sum[0] ?? ''} = ${sum[1] ?? ''} + ${sum[2] ?? ''}`],
  ]);
}

function tenantTable(t: Texts, {tenants, memory}: CapacityReport): string {
  const head = [t.capacity.tenant, t.capacity.now, t.capacity.peak, '', ''];
  const rows = tenants.map((tenant) => [
    cutToWidth(nameOf(t, tenant), NAME_WIDTH),
    size(tenant.usedBytes),
    size(tenant.peakBytes),
    bar(tenant.usedBytes / memory.totalBytes, BAR_WIDTH),
    tenant.processes > 0 ? t.capacity.processes({count: tenant.processes}) : '',
  ]);
  return table(
    [
      ...rows,
      [t.capacity.free, size(memory.freeBytes), '', bar(memory.freeBytes / memory.totalBytes, BAR_WIDTH), ''],
    ],
    {
      head,
      align: ['left', 'right', 'right', 'left', 'right'],
    },
  );
}

function modelLines(t: Texts, {model}: CapacityReport): string {
  if (!model) return t.capacity.notDeployed;
  const notes = [
    ...(model.standIn ? [t.capacity.standIn] : []),
    ...(model.running ? [] : [t.capacity.notRunning]),
  ];
  const title = `${model.model} ${model.variant}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
  const measured = model.measuredPeakBytes;
  return keyValues([
    [t.capacity.modelTitle, title],
    [`  ${t.capacity.now}`, size(model.usedBytes)],
    [
      `  ${t.capacity.peak}`,
      model.peakBytes === undefined ? t.capacity.notAvailable : `≤ ${size(model.peakBytes)}`,
    ],
    [`  ${t.capacity.predicted}`, size(model.predictedPeakBytes)],
    [`  ${t.capacity.measured}`, measured === undefined ? t.capacity.notAvailable : size(measured)],
    [`  ${t.capacity.budget}`, size(model.budgetBytes)],
    [`  ${t.capacity.headroom}`, size(model.headroomBytes)],
    [
      t.capacity.programs,
      t.capacity.programsOf({
        used: size(model.programs.usedBytes),
        allowance: size(model.programs.allowanceBytes),
      }),
    ],
  ]);
}

function fitsLines(t: Texts, {fits, memory}: CapacityReport): string {
  const how = t.capacity.guaranteedHow({
    free: size(memory.freeBytes),
    growth: size(fits.modelGrowthBytes + fits.programsGrowthBytes),
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
  return [t.capacity.fitsTitle, sums, examples].join('\n');
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
  ].join('\n\n');
