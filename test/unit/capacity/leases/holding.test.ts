import {describe, expect, it} from 'vitest';
import {bytes, gib, mib} from '../../../../src/base/units.ts';
import {holdingsOf, promisedYet} from '../../../../src/capacity/leases/holding.ts';
import {leaseSchema, type Lease, type LeaseSubject} from '../../../../src/capacity/leases/lease.ts';
import {settle} from '../../../../src/capacity/leases/standing.ts';
import type {ProcessReading, Reading} from '../../../../src/card/index.ts';

const at = new Date('2026-01-02T03:04:05Z');
const id = 'ab'.repeat(32);
const lease = (name: string, more: Partial<Lease> = {}): Lease =>
  leaseSchema.parse({
    schema: 'berth.lease/1',
    name,
    device: 'cpu',
    bytes: gib(1),
    owner: 'ann@laptop',
    createdAt: '2026-01-01T00:00:00Z',
    subject: {kind: 'open'},
    tier: 'T0',
    ...more,
  });
const process = (pid: number, more: Partial<ProcessReading> = {}): ProcessReading => ({
  pid,
  parentPid: 1,
  name: `p${pid}`,
  command: `p${pid}`,
  usedBytes: mib(100),
  startTicks: pid * 10,
  ...more,
});
const reading = (processes: ProcessReading[]): Reading => ({
  at,
  totalBytes: gib(16),
  usedBytes: gib(4),
  freeBytes: gib(12),
  reservedBytes: bytes(0),
  processes,
});
const pidsOf = (leases: Lease[], processes: ProcessReading[], but?: ReadonlySet<number>) =>
  Object.fromEntries(
    holdingsOf(leases, {device: 'cpu', reading: reading(processes), ...(but && {but})}).map((one) => [
      one.lease.name,
      one.processes.map(({pid}) => pid),
    ]),
  );
const run: LeaseSubject = {kind: 'process', pid: 7, started: 'boot:70', argv: ['sd']};

describe('who lives on a lease', () => {
  it('is every process of its container, also of one inside it', () => {
    const inner = 'cd'.repeat(32);
    const processes = [
      process(5, {containerId: id}),
      process(6, {containerId: id, containerPath: [id, inner]}),
      process(8, {containerId: inner}),
    ];
    expect(pidsOf([lease('sd', {subject: {kind: 'container', id, name: 'sd'}})], processes)).toEqual({
      sd: [5, 6],
    });
  });

  it('is its process and what that started, and who says so after its parents have gone', () => {
    const processes = [process(7), process(8, {parentPid: 7}), process(9, {lease: 'sd'}), process(10)];
    expect(pidsOf([lease('sd', {subject: run})], processes)).toEqual({sd: [7, 8, 9]});
  });

  it('is never another process that got the same pid', () => {
    const later = [process(7, {startTicks: 71}), process(8, {parentPid: 7})];
    expect(pidsOf([lease('sd', {subject: run})], later)).toEqual({sd: []});
  });

  it('is found on a card by its parents, which do not use the card themselves', () => {
    const child = process(20, {parentPid: 19, ancestorPids: [19, 7, 1]});
    expect(pidsOf([lease('sd', {subject: run})], [child])).toEqual({sd: [20]});
  });

  it('counts once: not what is the model, and with two leases on the one that is certain', () => {
    const processes = [
      process(7, {lease: 'open'}),
      process(11, {lease: 'open'}),
      process(12, {lease: 'open'}),
    ];
    const leases = [lease('open'), lease('sd', {subject: run})];
    expect(pidsOf(leases, processes, new Set([12]))).toEqual({open: [11], sd: [7]});
  });

  it('is nobody on another device, or after its time', () => {
    const gone = lease('gone', {expiresAt: '2026-01-02T03:04:05Z'});
    const yet = lease('yet', {expiresAt: '2026-01-02T03:04:06Z'});
    expect(pidsOf([lease('card', {device: 'GPU-1'}), gone, yet], [])).toEqual({yet: []});
  });

  it('leaves what it was promised and does not use to nobody else', () => {
    const leases = [lease('sd', {subject: run}), lease('open', {bytes: gib(2)})];
    const own = {model: [], programs: []};
    expect(promisedYet(leases, 'cpu', reading([process(7)]), own)).toBe(gib(3) - mib(100));
    expect(promisedYet(leases, 'cpu', reading([process(7, {usedBytes: gib(5)})]), own)).toBe(gib(2));
  });
});

describe('what becomes of a lease', () => {
  const starts = new Map([[7, 'boot:70']]);
  it('is nothing while its process lives and its time lasts', () => {
    const held = lease('sd', {subject: run, expiresAt: '2026-01-03T00:00:00Z', tier: 'cgroup'});
    expect(settle(held, at, starts)).toBe(held);
    expect(settle(held, new Date('2026-01-03T00:00:00Z'), starts)).toBe('over');
  });

  it.each([
    ['has ended', new Map<number, string>()],
    ['is of another boot', new Map([[7, 'later:70']])],
  ])('is an open promise when its process %s, or the end when it was bound to that run', (_, now) => {
    const held = lease('sd', {subject: run, tier: 'cgroup'});
    expect(settle(held, at, now)).toEqual({...held, subject: {kind: 'open'}, tier: 'T0'});
    expect(settle({...held, bound: true}, at, now)).toBe('over');
  });
});
