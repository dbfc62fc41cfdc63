import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {gib, mib} from '../../../src/base/units.ts';
import {
  capacitySchema,
  readCapacity,
  type CapacityReport,
  type DeploymentView,
} from '../../../src/capacity/index.ts';
import {openCpuDevice} from '../../../src/card/index.ts';
import type {ProgramState} from '../../../src/hosts/index.ts';

const HOLD = `globalThis.kept = Buffer.alloc(Number(process.argv[1]), 1); console.log('ready'); setInterval(() => {}, 1e6)`;

async function hold(size: number): Promise<{pid: number; end(): Promise<void>}> {
  const child = spawn(process.execPath, ['-e', HOLD, String(size)], {stdio: ['ignore', 'pipe', 'inherit']});
  await once(child.stdout, 'data');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {pid: child.pid ?? 0, end};
}

it('names the model and its neighbour by the memory that they really hold, and forgets them when they end', async () => {
  const device = openCpuDevice({clock: systemClock});
  const [engine, neighbour] = await Promise.all([hold(mib(150)), hold(mib(300))]);
  const program: ProgramState = {state: 'running', pid: engine.pid, since: new Date(), restarts: 0};
  const view: DeploymentView = {
    name: 'default',
    host: 'local',
    observed: {
      state: 'running',
      since: new Date(),
      gateway: {url: 'http://127.0.0.1:1', program, pids: []},
      engines: [{name: 'engine-1', release: 1, model: 'nano', program, pids: [engine.pid]}],
      committedRelease: 1,
    },
    release: {
      number: 1,
      model: 'nano',
      variant: 'F16',
      engine: 'embedded',
      device: 'cpu',
      standIn: true,
      contextTokens: 1,
      budgetBytes: gib(1),
      predictedPeakBytes: mib(200),
    },
    stats: () => Promise.resolve(undefined),
  };
  const holder = (report: CapacityReport, pid: number) =>
    report.tenants.find((tenant) => tenant.pids.includes(pid));
  try {
    const report = await readCapacity({view, device});
    capacitySchema.parse(report);
    expect(report.tenants[0]).toMatchObject({kind: 'model', pids: [engine.pid]});
    expect(report.model?.usedBytes).toBeGreaterThan(mib(150));
    expect(report.model?.usedBytes).toBeLessThan(mib(300));
    expect(report.fits.modelGrowthBytes).toBe(gib(1) - (report.model?.usedBytes ?? 0));
    const outsider = holder(report, neighbour.pid);
    expect(outsider?.kind).toBe('outsider');
    expect(outsider?.usedBytes).toBeGreaterThan(mib(300));
    expect(report.tenants.reduce((sum, one) => sum + one.usedBytes, 0)).toBe(report.memory.usedBytes);
  } finally {
    await Promise.all([engine.end(), neighbour.end()]);
  }
  const after = await readCapacity({view, device});
  expect(holder(after, neighbour.pid)).toBeUndefined();
  expect(after.tenants.some((tenant) => tenant.kind === 'model')).toBe(false);
});
