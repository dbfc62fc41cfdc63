import type {z} from 'zod';
import {textsFor} from '../base/texts/index.ts';
import type {GatewayStats} from '../hosts/index.ts';
import type {DeviceFacts, Reading} from '../card/index.ts';
import {bytes, gib, type Bytes} from '../base/units.ts';
import {admit, type DeploymentClaims} from './leases/admission.ts';
import {growthOf} from './leases/growth.ts';
import {holdingsOf} from './leases/holding.ts';
import type {Lease} from './leases/lease.ts';
import {heldTogether, ownProcesses, programsAllowance} from './own-processes.ts';
import {safetyMargin} from './safety.ts';
import type {CapacityReport, quantilesSchema, Tenant} from './schema.ts';
import {groupTenants} from './tenants.ts';
import type {DeploymentView} from './view.ts';

/** Something that could use the device, and what it would take. */
export interface Candidate {
  kind: 'neighbour' | 'model';
  name: string;
  neededBytes: Bytes;
}

export interface CapacityInput {
  view: DeploymentView;
  facts: DeviceFacts;
  reading: Reading;
  stats: GatewayStats | undefined;
  /** Those that stand on the host, whatever their device. */
  leases?: readonly Lease[];
  /** Names of containers by id, where they are known. */
  containers?: ReadonlyMap<string, string>;
  /** What the other deployments on this device were promised. */
  others?: DeploymentClaims;
  /** What the examples ask about; neighbours of 1 to 24 GiB are always asked. */
  candidates?: readonly Candidate[];
}

const NEIGHBOURS: readonly Candidate[] = [1, 6, 24].map((size) => ({
  kind: 'neighbour',
  name: `neighbour of ${size} GiB`,
  neededBytes: gib(size),
}));

const NOBODY: DeploymentClaims = {models: [], programs: {bytes: bytes(0), usedBytes: bytes(0)}};

/** One picture of the device. Pure. */
export function capacityReport(input: CapacityInput): CapacityReport {
  const {view, facts, reading, stats, leases = [], containers, others = NOBODY, candidates = []} = input;
  const own = ownProcesses(view.observed, reading);
  const ownPids = new Set([...own.model, ...own.programs].map(({pid}) => pid));
  const holdings = holdingsOf(leases, {device: facts.id, reading, but: ownPids});
  const tenants = groupTenants(view.name, own, reading, holdings, containers);
  const usedByModel = heldTogether(own.model);
  const attributedBytes = heldTogether(reading.processes);
  const {totalBytes, usedBytes, freeBytes, reservedBytes} = reading;
  const running = view.observed.state === 'running';
  const programs = {
    usedBytes: heldTogether(own.programs),
    allowanceBytes: view.release ? programsAllowance(facts.kind) : bytes(0),
  };
  // What is stopped keeps its claim: `berth start` must find room for it.
  const {budgetBytes = 0, device = facts.kind} = view.release ?? {};
  const claim = device === facts.kind ? budgetBytes : 0;
  const growth = Math.max(0, claim - usedByModel);
  const programsGrowth = Math.max(0, programs.allowanceBytes - programs.usedBytes);
  const margin = safetyMargin(totalBytes);
  const promises = holdings.map((one) => ({...one, name: one.lease.name, bytes: one.lease.bytes}));
  const leasesGrowth = promises.reduce((sum, one) => sum + growthOf(one), 0);
  const othersGrowth = [...others.models, others.programs].reduce((sum, one) => sum + growthOf(one), 0);
  const guaranteed = Math.max(0, freeBytes - growth - programsGrowth - leasesGrowth - othersGrowth - margin);
  const {largestBytes, promised, measured} = admit({
    askedBytes: bytes(0),
    heldBytes: bytes(0),
    reading,
    leases: promises.map(({name, bytes: size, usedBytes: used}) => ({name, bytes: size, usedBytes: used})),
    models: [
      ...(claim > 0 ? [{name: view.name, bytes: bytes(claim), usedBytes: usedByModel}] : []),
      ...others.models,
    ],
    programs: {
      bytes: bytes(programs.allowanceBytes + others.programs.bytes),
      usedBytes: bytes(programs.usedBytes + others.programs.usedBytes),
    },
  });
  return {
    schema: 'berth.capacity/1',
    at: reading.at.toISOString(),
    host: view.host,
    device: devicePart(facts, reading),
    memory: {
      totalBytes,
      usedBytes,
      freeBytes,
      reservedBytes,
      attributedBytes,
      unattributedBytes: usedBytes - attributedBytes,
    },
    model: modelPart(view, running, usedByModel, programs, tenants),
    tenants,
    fits: {
      guaranteedBytes: guaranteed,
      opportunisticBytes: freeBytes,
      safetyMarginBytes: margin,
      modelGrowthBytes: growth,
      programsGrowthBytes: programsGrowth,
      leasesGrowthBytes: leasesGrowth,
      othersGrowthBytes: othersGrowth,
      largestLease: {bytes: largestBytes, promised, measured},
      examples: [...NEIGHBOURS, ...candidates].map((candidate) => ({
        ...candidate,
        fits:
          candidate.neededBytes <= guaranteed
            ? 'guaranteed'
            : candidate.neededBytes <= freeBytes
              ? 'opportunistic'
              : 'no',
      })),
    },
    latency: stats
      ? {
          sinceMs: stats.sinceMs,
          ttft: quantiles(stats.latency.ttft),
          tpot: quantiles(stats.latency.tpot),
          e2e: quantiles(stats.latency.e2e),
        }
      : null,
  };
}

function devicePart(
  {faults: broken = [], ...facts}: DeviceFacts,
  {
    utilizationRatio,
    temperatureC,
    powerW,
    powerLimitW,
    throttle,
    processesHidden,
    faults: seen = [],
  }: Reading,
): CapacityReport['device'] {
  const english = textsFor('en');
  const faults = [...broken, ...seen].map(({name, detail, line, what}) => ({
    name,
    message: what(english),
    ...(detail !== '' && {detail}),
    ...(line !== '' && {line}),
  }));
  return {
    ...facts,
    ...(utilizationRatio !== undefined && {utilizationRatio}),
    ...(temperatureC !== undefined && {temperatureC}),
    ...(powerW !== undefined && {powerW}),
    ...(powerLimitW !== undefined && {powerLimitW}),
    ...(throttle !== undefined && {throttle: [...throttle]}),
    ...(processesHidden && {processesHidden}),
    ...(faults.length > 0 && {faults}),
  };
}

function modelPart(
  view: DeploymentView,
  running: boolean,
  usedBytes: number,
  programs: {usedBytes: number; allowanceBytes: number},
  tenants: readonly Tenant[],
): CapacityReport['model'] {
  const {release} = view;
  if (!release) return null;
  const {number, recordedPeakBytes, ...rest} = release;
  const peakOf = (kind: Tenant['kind']) => tenants.find((tenant) => tenant.kind === kind)?.peakBytes;
  const [peakBytes, programsPeakBytes] = [peakOf('model'), peakOf('berth')];
  return {
    deployment: view.name,
    release: number,
    ...rest,
    running,
    usedBytes,
    ...(recordedPeakBytes !== undefined && {measuredPeakBytes: recordedPeakBytes}),
    ...(peakBytes !== undefined && {peakBytes}),
    headroomBytes: release.budgetBytes - usedBytes,
    programs: {...programs, ...(programsPeakBytes !== undefined && {peakBytes: programsPeakBytes})},
  };
}

function quantiles(of: GatewayStats['latency']['ttft']): z.infer<typeof quantilesSchema> {
  const {count, p50, p90, p95, p99, max} = of;
  return {
    count,
    ...(p50 !== undefined && {p50Ms: p50}),
    ...(p90 !== undefined && {p90Ms: p90}),
    ...(p95 !== undefined && {p95Ms: p95}),
    ...(p99 !== undefined && {p99Ms: p99}),
    ...(max !== undefined && {maxMs: max}),
  };
}
