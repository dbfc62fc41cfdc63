import {chmod, mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {openBerth, type Berth} from '../../support/berth.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const DOUBLE = join(import.meta.dirname, '../../fakes/gpu/nvidia-smi');

interface Capacity {
  device: {kind: string; driver?: string; cudaCeiling?: string; faults?: {name: string}[]};
  memory: Record<string, number>;
  tenants: {kind: string; pids: number[]; usedBytes: number; uses?: string}[];
}
interface Doctor {
  ready: boolean;
  checks: {name: string; state: string; message: string}[];
}

/** Commands on a machine whose nvidia-smi is the double: real formats, no card. */
describe.skipIf(process.platform === 'win32')('a machine with the double of nvidia-smi', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let berth: Berth;
  const set = (state: string) => writeFile(join(folder.path, 'state'), state);

  beforeAll(async () => {
    folder = await temporaryFolder();
    const bin = join(folder.path, 'bin');
    await mkdir(bin);
    const program = `#!/bin/sh\nGPU_DOUBLE_DIR='${folder.path}' exec '${DOUBLE}' "$@"\n`;
    await writeFile(join(bin, 'nvidia-smi'), program);
    await chmod(join(bin, 'nvidia-smi'), 0o755);
    await set('');
    berth = await openBerth({PATH: `${bin}:${process.env.PATH ?? ''}`});
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('shows who uses the card', async () => {
    await set(`process=${process.pid},3000,/usr/bin/python3\nother_mib=500\n`);
    const {code, value} = await berth.json('capacity');
    expect(code).toBe(0);
    const {device, memory, tenants} = value as unknown as Capacity;
    expect(device).toMatchObject({kind: 'gpu', driver: '570.133.20', cudaCeiling: '12.8', index: 0});
    const {totalBytes = 0, usedBytes = 0, freeBytes = 0, reservedBytes = 0, unattributedBytes} = memory;
    expect(usedBytes + freeBytes + reservedBytes).toBe(totalBytes);
    expect([usedBytes, unattributedBytes]).toEqual([3500 * 1024 ** 2, 500 * 1024 ** 2]);
    expect(tenants[0]).toMatchObject({pids: [process.pid], uses: 'compute', usedBytes: 3000 * 1024 ** 2});
    const people = await berth.run('capacity', '--card', 'GPU-d0b1e000', '--lang', 'zh-CN');
    expect(people.stdout).toContain('驱动 570.133.20 · CUDA 最高 12.8');
  });

  it('looks at the CPU when told so', async () => {
    const {value} = await berth.json('capacity', '--card', 'cpu');
    expect((value as unknown as Capacity).device.kind).toBe('cpu');
  });

  it('says that a card is lost: beside the CPU, or instead of the card that was asked for', async () => {
    await set('fault=lost\n');
    const beside = await berth.json('capacity');
    expect(beside.code).toBe(0);
    expect((beside.value as unknown as Capacity).device).toMatchObject({
      kind: 'cpu',
      faults: [{name: 'lost'}],
    });
    const asked = await berth.json('capacity', '--card', '0');
    expect([asked.code, (asked.value.error as {code: string}).code]).toEqual([1, 'card_lost']);
    await set('');
    const wrong = await berth.json('capacity', '--card', '3');
    expect([wrong.code, (wrong.value.error as {code: string}).code]).toEqual([2, 'card_not_this_card']);
  });

  it('refuses to deploy on a card that nothing would use', async () => {
    const {code, value} = await berth.json('deploy', '--model', 'nano', '--card', '0', '--dry-run');
    expect([code, (value.error as {code: string}).code]).toEqual([2, 'card_not_used']);
  });

  it('is examined by the doctor', async () => {
    await set('');
    const state = async (...argv: string[]) => {
      const {value} = await berth.json('doctor', ...argv);
      const {checks} = value as unknown as Doctor;
      return Object.fromEntries(checks.map((check) => [check.name, check.state]));
    };
    expect(await state()).toMatchObject({gpu: 'pass', cuda: 'warn', persistence: 'pass'});
    await set('driver=580.65.06\ncuda=13.0\n');
    expect(await state('--card', '0')).toMatchObject({gpu: 'pass', cuda: 'pass'});
    await set('fault=mismatch\n');
    expect(await state()).toMatchObject({gpu: 'warn'});
    expect(await state('--card', '0')).toMatchObject({gpu: 'fail'});
  });
});
