import {describe, expect, it} from 'vitest';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import {
  capacityReport,
  capacitySchema,
  type CapacityInput,
  type DeploymentView,
  type Lease,
} from '../../../src/capacity/index.ts';
import type {ProcessReading, Reading} from '../../../src/card/index.ts';
import type {GatewayStats, ProgramState} from '../../../src/hosts/index.ts';

const since = new Date('2026-01-02T03:04:05Z');
const program: ProgramState = {state: 'running', pid: 1, since, restarts: 0};
const process = (pid: number, size: number, more: Partial<ProcessReading> = {}): ProcessReading => ({
  pid,
  parentPid: 1,
  name: `p${pid}`,
  command: `p${pid} --serve`,
  user: 'ann',
  usedBytes: mib(size),
  peakBytes: mib(size + 1),
  ...more,
});

const reading = (processes: ProcessReading[], usedMib = 4096): Reading => ({
  at: since,
  totalBytes: gib(16),
  usedBytes: mib(usedMib),
  freeBytes: bytes(gib(16) - mib(usedMib) - mib(100)),
  reservedBytes: mib(100),
  processes,
});

const view = (more: Partial<DeploymentView> = {}): DeploymentView => ({
  name: 'default',
  host: 'local',
  observed: {
    state: 'running',
    supervisorPid: 10,
    since,
    gateway: {url: 'http://127.0.0.1:1', program, pids: [11]},
    engines: [{name: 'engine-3', release: 3, model: 'nano', program, pids: [12]}],
    committedRelease: 3,
  },
  release: {
    number: 3,
    model: 'nano',
    variant: 'F16',
    engine: 'embedded',
    device: 'cpu',
    standIn: true,
    contextTokens: 4096,
    budgetBytes: gib(3),
    predictedPeakBytes: gib(2),
    recordedPeakBytes: mib(1900),
  },
  stats: () => Promise.resolve(undefined),
  ...more,
});

const facts = {kind: 'cpu', id: 'cpu', name: 'CPU', totalBytes: gib(16), cores: 2} as const;
const mine = [process(10, 50), process(11, 100), process(12, 800), process(13, 50, {parentPid: 12})];
const report = (more: Partial<CapacityInput> = {}) =>
  capacityReport({view: view(), facts, reading: reading(mine), stats: undefined, ...more});
const sum = (sizes: readonly {usedBytes: number}[]): number =>
  sizes.reduce((total, one) => total + one.usedBytes, 0);

describe('capacityReport', () => {
  it('keeps its own schema and its top-level keys', () => {
    const made = report();
    expect(capacitySchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect(Object.keys(made)).toEqual([
      'schema',
      'at',
      'host',
      'device',
      'memory',
      'model',
      'tenants',
      'fits',
      'latency',
    ]);
  });

  it('takes the engine and what it started for the model, whoever started it', () => {
    const {model, tenants} = report();
    const ofModel = {kind: 'model', name: 'default', usedBytes: mib(850), pids: [12, 13]};
    expect(tenants[0]).toMatchObject(ofModel);
    expect(model).toMatchObject({
      usedBytes: mib(850),
      peakBytes: mib(852),
      measuredPeakBytes: mib(1900),
      headroomBytes: gib(3) - mib(850),
      running: true,
    });
  });

  it('counts supervisor and gateway apart, against an allowance of their own', () => {
    const {model, tenants} = report();
    expect(tenants[1]).toMatchObject({kind: 'berth', usedBytes: mib(150), pids: [10, 11]});
    expect(model?.programs).toEqual({usedBytes: mib(150), peakBytes: mib(152), allowanceBytes: mib(320)});
  });

  it('allows them nothing of a GPU, which they do not use', () => {
    const gpu = {kind: 'gpu', id: 'GPU-1', name: 'card', totalBytes: gib(16)} as const;
    const {model, fits} = report({facts: gpu, reading: reading([process(12, 800)])});
    expect(model?.programs).toEqual({usedBytes: 0, allowanceBytes: 0});
    expect(fits.programsGrowthBytes).toBe(0);
  });

  it('promises what is free, less what model and programs may still take, less a margin', () => {
    const {fits, memory} = report();
    const margin = Math.round(gib(16) * 0.02);
    expect(fits.modelGrowthBytes).toBe(gib(3) - mib(850));
    expect(fits.programsGrowthBytes).toBe(mib(320) - mib(150));
    expect(fits.safetyMarginBytes).toBe(margin);
    const growth = fits.modelGrowthBytes + fits.programsGrowthBytes;
    expect(fits.guaranteedBytes).toBe(memory.freeBytes - growth - margin);
    expect(fits.opportunisticBytes).toBe(memory.freeBytes);
    expect(fits.examples.map(({fits: answer}) => answer)).toEqual(['guaranteed', 'guaranteed', 'no']);
  });

  it('asks about what it is given, also between guaranteed and opportunistic', () => {
    const {fits} = report({candidates: [{kind: 'model', name: 'big', neededBytes: gib(11)}]});
    expect(fits.examples.at(-1)).toEqual({
      kind: 'model',
      name: 'big',
      neededBytes: gib(11),
      fits: 'opportunistic',
    });
  });

  it('never promises less than nothing, nor counts a model over its budget as room', () => {
    const {fits, model} = report({reading: reading([process(12, 5000)], 15_000)});
    expect(fits.modelGrowthBytes).toBe(0);
    expect(model?.headroomBytes).toBe(gib(3) - mib(5000));
    expect(report({reading: reading([], 16_000)}).fits.guaranteedBytes).toBe(0);
  });

  it('keeps the claim of a stopped model', () => {
    const {fits, model} = report({
      view: view({observed: {state: 'stopped', committedRelease: 3}}),
      reading: reading([]),
    });
    expect(fits.modelGrowthBytes).toBe(gib(3));
    expect(fits.programsGrowthBytes).toBe(mib(320));
    expect(model).toMatchObject({running: false, usedBytes: 0});
    expect(model).not.toHaveProperty('peakBytes');
  });

  it('keeps what leases were promised, and shows each as a tenant of its own', () => {
    const started = (pid: number): Lease['subject'] => ({
      kind: 'process',
      pid,
      started: `boot:${pid}`,
      argv: ['sd'],
    });
    const lease = (name: string, size: number, subject: Lease['subject']): Lease => ({
      schema: 'berth.lease/1',
      name,
      device: 'cpu',
      bytes: gib(size),
      owner: 'ann@laptop',
      createdAt: '2026-01-01T00:00:00Z',
      subject,
      tier: 'cgroup',
    });
    const leases = [
      lease('sd', 2, started(20)),
      lease('later', 1, {kind: 'open'}),
      {...lease('card', 9, {kind: 'open'}), device: 'GPU-1'},
    ];
    const others = {
      models: [{name: 'other', bytes: gib(1), usedBytes: mib(512)}],
      programs: {bytes: mib(256), usedBytes: mib(256)},
    };
    const processes = [...mine, process(20, 500, {startTicks: 20}), process(21, 12, {parentPid: 20})];
    const {fits, tenants, memory} = report({leases, others, reading: reading(processes)});
    expect(fits.leasesGrowthBytes).toBe(gib(3) - mib(512));
    expect(fits.othersGrowthBytes).toBe(mib(512));
    const kept =
      fits.modelGrowthBytes + fits.programsGrowthBytes + fits.leasesGrowthBytes + fits.othersGrowthBytes;
    expect(fits.guaranteedBytes).toBe(memory.freeBytes - kept - fits.safetyMarginBytes);
    expect(tenants.filter(({kind}) => kind === 'lease')).toMatchObject([
      {name: 'sd', usedBytes: mib(512), promisedBytes: gib(2), tier: 'cgroup', pids: [20, 21]},
      {name: 'later', usedBytes: 0, promisedBytes: gib(1), processes: 0},
    ]);
    expect(sum(tenants)).toBe(memory.usedBytes);
    const {largestLease} = fits;
    expect(largestLease.promised.terms.map(({name, of}) => [name, of])).toEqual([
      ['total', undefined],
      ['reserved', undefined],
      ['model', 'default'],
      ['model', 'other'],
      ['programs', undefined],
      ['lease', 'sd'],
      ['lease', 'later'],
      ['safety', undefined],
    ]);
    expect(largestLease.bytes).toBe(Math.floor(fits.guaranteedBytes / mib(1)) * mib(1));
  });

  it('says null where nothing is deployed, and no latency where nothing runs', () => {
    const {release: _, ...bare} = view({observed: {state: 'absent'}});
    expect(report({view: bare})).toMatchObject({
      model: null,
      latency: null,
      fits: {modelGrowthBytes: 0, programsGrowthBytes: 0},
    });
  });

  it('passes on the quantiles that there are, and invents none', () => {
    const stats: GatewayStats = {
      sinceMs: 5000,
      release: 3,
      running: 0,
      queued: 0,
      held: 0,
      requests: {ok: 3, clientError: 0, serverError: 0, cancelled: 0},
      promptTokens: 1,
      completionTokens: 1,
      longestHoldMs: 0,
      tokensSeen: 1,
      latency: {ttft: {count: 3, p50: 12, max: 20}, tpot: {count: 0}, e2e: {count: 3, p50: 40, max: 44}},
    };
    expect(report({stats}).latency).toEqual({
      sinceMs: 5000,
      ttft: {count: 3, p50Ms: 12, maxMs: 20},
      tpot: {count: 0},
      e2e: {count: 3, p50Ms: 40, maxMs: 44},
    });
  });
});

describe('tenants', () => {
  it('are named one a container, else one a user and program', () => {
    const containerId = 'c3'.repeat(32);
    const {tenants} = report({
      reading: reading([
        ...mine,
        process(20, 300, {name: 'python', containerId, user: 'bob'}),
        process(21, 200, {name: 'sh', containerId, user: 'root'}),
        process(30, 90, {name: 'python'}),
        process(31, 60, {name: 'python'}),
        process(32, 70, {name: 'python', user: 'bob'}),
      ]),
    });
    expect(tenants.map(({kind, name, usedBytes}) => [kind, name, usedBytes / mib(1)])).toEqual([
      ['model', 'default', 850],
      ['berth', 'default', 150],
      ['outsider', 'python', 500],
      ['outsider', 'python', 150],
      ['outsider', 'python', 70],
      ['unattributed', 'unattributed', 4096 - 1720],
    ]);
    expect(tenants[2]).toMatchObject({containerId, processes: 2});
    expect(tenants[2]).not.toHaveProperty('user');
    expect(tenants[3]).toMatchObject({user: 'ann', processes: 2, command: 'p30 --serve'});
  });

  it('are told by the name of their container where Docker tells it', () => {
    const containerId = 'c3'.repeat(32);
    const {tenants} = report({
      reading: reading([...mine, process(20, 300, {name: 'python', containerId}), process(30, 90)]),
      containers: new Map([[containerId, 'notebook']]),
    });
    const outsiders = tenants.filter(({kind}) => kind === 'outsider');
    expect(outsiders.map(({name}) => name)).toEqual(['notebook', 'p30']);
    expect(outsiders[0]).toMatchObject({containerId, command: 'p20 --serve'});
  });

  it.each([0, 3, 8, 9, 10, 300])('add up with %i outsiders', (count) => {
    const crowd = Array.from({length: count}, (_, index) => process(100 + index, 1 + (index % 7)));
    const {tenants, memory} = report({reading: reading([...mine, ...crowd])});
    expect(sum(tenants)).toBe(memory.usedBytes);
    expect(memory.attributedBytes + memory.unattributedBytes).toBe(memory.usedBytes);
    expect(memory.usedBytes + memory.freeBytes + memory.reservedBytes).toBe(memory.totalBytes);
    expect(tenants.at(-1)?.kind).toBe('unattributed');
    expect(tenants.length).toBeLessThanOrEqual(12);
    expect(tenants.filter((tenant) => tenant.kind === 'rest')).toHaveLength(count > 9 ? 1 : 0);
    expect(tenants.reduce((total, tenant) => total + tenant.processes, 0)).toBe(count + 4);
  });
});
