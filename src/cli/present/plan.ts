import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import type {PlanReport} from '../../deploy/index.ts';
import {keyValues, table} from '../table.ts';
import {cutToWidth} from '../width.ts';

const GIGABYTE = 1e9;
const SOURCE_WIDTH = 96;
/** Alternatives beyond these are in the JSON. */
const MOST_ALTERNATIVES = 8;
const MOST_TENANTS = 6;

const gigabytes = (size: number): string => `${(size / GIGABYTE).toFixed(1)} GB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

function factLines(t: Texts, report: PlanReport): string {
  const {device, room, plan, errorSoFar} = report;
  const roomText =
    room.budgetBytes === room.availableBytes
      ? t.plan.roomBudget({available: formatBytes(room.availableBytes)})
      : t.plan.room({
          available: formatBytes(room.availableBytes),
          free: formatBytes(room.freeBytes),
          present: formatBytes(room.presentBytes),
          programs: formatBytes(room.programsBytes),
          leases: formatBytes(room.leasesBytes),
          safety: formatBytes(room.safetyBytes),
          leave: formatBytes(room.leaveBytes),
        });
  const {contextTokens, sequences} = plan;
  const notes = [
    ...plan.warnings.map((warning) => t.plan.warnings[warning]),
    ...plan.doubts.map((doubt) => `${t.plan.lowConfidence} ${t.plan.doubts[doubt]}`),
  ];
  return keyValues([
    [t.plan.labelModel, report.model],
    [t.plan.labelDevice, `${device.name}, ${device.host ?? t.plan.planned}`],
    [t.plan.labelRoom, roomText],
    [
      t.plan.labelWay,
      `${plan.engine} ${plan.variant}, KV ${plan.kvType}, ${t.plan.settings({context: contextTokens, sequences})}`,
    ],
    [
      t.plan.labelNeeds,
      t.plan.needs({needed: formatBytes(plan.neededBytes), budget: formatBytes(plan.budgetBytes)}),
    ],
    [t.plan.labelLeft, t.plan.left({left: formatBytes(plan.leftBytes)})],
    [
      t.plan.labelLargest,
      t.plan.largest({
        context: plan.largestContextTokens,
        sequences,
        concurrency: plan.largestConcurrency,
        atContext: contextTokens,
      }),
    ],
    [t.plan.labelQuality, plan.quality ? t.plan.quality(plan.quality) : t.plan.qualityUnknown],
    [
      t.plan.labelError,
      errorSoFar
        ? t.plan.error({
            device: errorSoFar.device,
            releases: errorSoFar.releases,
            mean: formatBytes(errorSoFar.meanBytes),
            worst: formatBytes(errorSoFar.worstBytes),
          })
        : t.plan.errorNone({device: device.kind}),
    ],
    ...notes.map((note): [string, string] => ['', `! ${note}`]),
  ]);
}

const termName = (t: Texts, name: string): string =>
  name in t.plan.terms ? t.plan.terms[name as keyof Texts['plan']['terms']] : name;

const termTable = (t: Texts, {plan}: PlanReport): string =>
  table(
    plan.terms.map(({name, totalBytes, source}) => [
      termName(t, name),
      formatBytes(totalBytes),
      cutToWidth(source, SOURCE_WIDTH),
    ]),
    {head: [t.plan.headTerm, t.plan.headSize, t.plan.headSource], align: ['left', 'right', 'left']},
  );

function workloadTable(t: Texts, {workloads, fullContext, plan}: PlanReport): string[] {
  if (workloads.every(({predicted}) => !predicted)) return [];
  const rows = workloads.map(({name, promptTokens, answerTokens, claimed, predicted}) => [
    `${t.plan.workloads[name]} ${promptTokens} -> ${answerTokens}`,
    claimed ? seconds(claimed.totalMs) : '-',
    predicted ? seconds(predicted.totalMs) : '-',
    predicted ? formatDuration(predicted.firstTokenMs) : '-',
    claimed ? gigabytes(claimed.memoryBytes) : '-',
    predicted ? gigabytes(predicted.memoryBytes) : '-',
  ]);
  const head = [
    t.plan.headWorkload,
    t.plan.headClaimed,
    t.plan.headPredicted,
    t.plan.headFirstToken,
    t.plan.headClaimedMemory,
    t.plan.headPredictedMemory,
  ];
  const right = 'right' as const;
  const full =
    fullContext &&
    t.plan.fullContext({
      tokens: plan.contextTokens,
      firstToken: formatDuration(fullContext.firstTokenMs),
      perToken: formatDuration(fullContext.perTokenMs),
    });
  return [
    [
      table(rows, {head, align: ['left', right, right, right, right, right]}),
      ...(full === undefined ? [] : [full]),
      t.plan.predictedNote,
    ].join('\n'),
  ];
}

function alternativeTable(t: Texts, {alternatives}: PlanReport): string[] {
  if (alternatives.length === 0) return [];
  const rows = alternatives
    .slice(0, MOST_ALTERNATIVES)
    .map(({engine, variant, kvType, neededBytes, fits, largestContextTokens, summaryMs, quality}) => [
      `${engine} ${variant}, KV ${kvType}`,
      formatBytes(neededBytes),
      t.plan.fits[fits ? 'yes' : 'no'],
      largestContextTokens === 0 ? '-' : largestContextTokens.toLocaleString('en'),
      summaryMs === undefined ? '-' : seconds(summaryMs),
      quality ? `${quality.measure} ${quality.percent}` : '-',
    ]);
  const head = [
    t.plan.headAlternative,
    t.plan.headNeeds,
    t.plan.headFits,
    t.plan.headLargest,
    t.plan.headSummary,
    t.plan.labelQuality.toUpperCase(),
  ];
  return [table(rows, {head, align: ['left', 'right', 'left', 'right', 'right', 'left']})];
}

function tenantTable(t: Texts, {tenants}: PlanReport): string[] {
  if (tenants.length === 0) return [];
  const rows = tenants
    .slice(0, MOST_TENANTS)
    .map(({name, usedBytes}) => [cutToWidth(name, 40), formatBytes(usedBytes)]);
  return [table(rows, {head: [t.plan.tenants, t.plan.used], align: ['left', 'right']})];
}

export const presentPlan = (t: Texts, report: PlanReport): string =>
  [
    factLines(t, report),
    termTable(t, report),
    ...workloadTable(t, report),
    ...alternativeTable(t, report),
    ...tenantTable(t, report),
  ].join('\n\n');
