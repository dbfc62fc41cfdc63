import {describe, expect, it} from 'vitest';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import type {ProcessReading, Reading} from '../../../src/card/index.ts';
import {tenantsOf} from '../../../src/monitor/tenants.ts';

const ID = 'ab'.repeat(32);
const one = (pid: number, used: number, more: Partial<ProcessReading> = {}): ProcessReading => ({
  pid,
  name: `p${pid}`,
  command: `/bin/p${pid}`,
  user: 'ana',
  usedBytes: mib(used),
  ...more,
});
const reading = (...processes: ProcessReading[]): Reading => ({
  at: new Date(0),
  totalBytes: gib(24),
  usedBytes: gib(10),
  freeBytes: gib(14),
  reservedBytes: bytes(0),
  processes,
});
const told = {
  supervisorPid: 10,
  gatewayPid: 11,
  engines: [{name: 'engine-1', release: 1, model: 'nano', pid: 20, serving: true}],
};
const whose = {told, watchPid: 12, cores: new Map([[30, 1.5]])};

describe('who is on a device', () => {
  it('tells a container by its own name where that is known', () => {
    const processes = reading(one(30, 900, {containerId: ID, name: 'python'}), one(40, 10));
    const [container, program] = tenantsOf(processes, {
      ...whose,
      containers: (id) => (id === ID ? 'notebook' : undefined),
    });
    expect(container).toMatchObject({name: 'notebook', containerId: ID, command: '/bin/p30'});
    expect(program?.name).toBe('p40');
  });

  it('names the model, Berth, leases, containers and programs, and adds up', () => {
    const tenants = tenantsOf(
      reading(
        one(10, 60),
        one(11, 70, {parentPid: 10}),
        one(12, 50, {parentPid: 10}),
        one(20, 4000, {parentPid: 10}),
        one(21, 100, {parentPid: 20}),
        one(30, 900, {containerId: ID, name: 'python', startedAt: new Date(5000)}),
        one(31, 100, {containerId: ID, startedAt: new Date(9000)}),
        one(40, 500, {name: 'blender'}),
        one(50, 300),
      ),
      {...whose, leases: new Map([[50, 'comfyui']])},
    );
    expect(tenants.map(({key, usedBytes, pids}) => [key, usedBytes / mib(1), pids])).toEqual([
      ['model', 4100, [20, 21]],
      ['berth', 180, [10, 11, 12]],
      ['lease:comfyui', 300, [50]],
      [`container:${ID}`, 1000, [30, 31]],
      ['host:ana blender', 500, [40]],
      ['unattributed', 10 * 1024 - 6080, []],
    ]);
    expect(tenants[3]).toMatchObject({
      kind: 'outsider',
      name: 'python',
      containerId: ID,
      cpuRatio: 1.5,
      sinceMs: 5000,
      command: '/bin/p30',
    });
  });

  it('keeps a small program that burns the cores out of the crowd', () => {
    const many = Array.from({length: 12}, (_, at) => one(100 + at, 100 - at));
    const tenants = tenantsOf(reading(...many, one(30, 1)), whose);
    expect(tenants.map(({key}) => key)).toContain('host:ana p30');
    const rest = tenants.find(({kind}) => kind === 'rest');
    expect(rest?.pids).toEqual([108, 109, 110, 111]);
    expect(tenants.reduce((sum, {usedBytes}) => sum + usedBytes, 0)).toBe(gib(10));
  });

  it('of a supervisor that says nothing knows only the watch itself', () => {
    const tenants = tenantsOf(reading(one(12, 50), one(20, 10)), {...whose, told: {engines: []}});
    expect(tenants.map(({key}) => key)).toEqual(['berth', 'host:ana p20', 'unattributed']);
  });
});
