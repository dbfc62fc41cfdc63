import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {openBerth, type Berth} from '../../support/berth.ts';

/** What a person looks at after a deploy, against a real one. */
describe('health, capacity and doctor', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await openBerth();
    const {code, stderr} = await berth.run('deploy', '--model', 'nano');
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
  });

  const enginePid = async (): Promise<number> => {
    const {pids} = (await berth.json('status')).value as {pids: {engine: number[]}};
    return pids.engine[0] ?? 0;
  };

  it('is healthy, probe by probe', async () => {
    const {code, value} = await berth.json('health');
    expect(code).toBe(0);
    const probes = value.probes as {name: string; state: string}[];
    expect(value.state).toBe('healthy');
    expect(probes.map(({state}) => state)).toEqual(Array(6).fill('pass'));
  });

  it('adds up: every byte of the device has a name or is shown as unattributed', async () => {
    const {code, value} = await berth.json('capacity');
    expect(code).toBe(0);
    expect(Object.keys(value)).toEqual([
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
    const memory = value.memory as Record<string, number>;
    const {totalBytes = 0, usedBytes = 0, freeBytes = 0, reservedBytes = 0} = memory;
    expect(usedBytes + freeBytes + reservedBytes).toBe(totalBytes);
    expect((memory.attributedBytes ?? 0) + (memory.unattributedBytes ?? 0)).toBe(usedBytes);
    const tenants = value.tenants as {usedBytes: number}[];
    expect(tenants.reduce((sum, tenant) => sum + tenant.usedBytes, 0)).toBe(usedBytes);
  });

  it("counts against the model what is the model's, and against Berth what is Berth's", async () => {
    const {pids} = (await berth.json('status')).value as {pids: Record<string, number | number[]>};
    const {value} = await berth.json('capacity');
    const tenants = value.tenants as {kind: string; pids: number[]; usedBytes: number}[];
    const of = (kind: string) => tenants.find((tenant) => tenant.kind === kind);
    expect(of('model')?.pids).toEqual(pids.engine);
    // The watch is the third of its own programs.
    expect(of('berth')?.pids).toEqual(expect.arrayContaining([pids.supervisor, pids.gateway].flat()));
    expect(of('berth')?.pids).toHaveLength(3);
    const model = value.model as {
      usedBytes: number;
      predictedPeakBytes: number;
      programs: Record<string, number>;
    };
    expect(model.usedBytes).toBe(of('model')?.usedBytes);
    expect(model.programs.usedBytes).toBe(of('berth')?.usedBytes);
    expect(model.programs.usedBytes).toBeLessThan(model.programs.allowanceBytes ?? 0);
  });

  it('says that this machine can deploy', async () => {
    expect(await berth.json('doctor')).toMatchObject({code: 0});
  });

  it('is not healthy, exit 4, when the engine is there and does not answer', async () => {
    const pid = await enginePid();
    process.kill(pid, 'SIGSTOP');
    try {
      const {code, value} = await berth.json('health');
      expect(code).toBe(4);
      expect(value.state).not.toBe('healthy');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});
