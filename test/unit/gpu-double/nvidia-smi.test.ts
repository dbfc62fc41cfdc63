import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {createInterface} from 'node:readline';
import {describe, expect, test} from 'vitest';
import {temporaryFolder} from '../../support/temporary.ts';

const DOUBLE = join(import.meta.dirname, '../../fakes/gpu/nvidia-smi');

const start = (folder: string, argv: readonly string[]) =>
  spawn(DOUBLE, [...argv], {
    env: {...process.env, GPU_DOUBLE_DIR: folder},
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** What the double prints for this state, with which exit code. */
async function smi(state: string, ...argv: string[]): Promise<{code: number; stdout: string}> {
  await using folder = await temporaryFolder();
  await mkdir(folder.path, {recursive: true});
  await writeFile(join(folder.path, 'state'), state);
  const child = start(folder.path, argv);
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number]>]);
  return {code, stdout};
}

const SELF = `process=${process.pid},3000,/usr/bin/python3\n`;

describe.skipIf(process.platform === 'win32')('the nvidia-smi double', () => {
  test('prints queries as CSV, with units or without, with a header or without', async () => {
    const query = '--query-gpu=name,memory.total,memory.used,memory.free,memory.reserved,temperature.gpu';
    expect((await smi(SELF, query, '--format=csv')).stdout).toBe(
      'name, memory.total [MiB], memory.used [MiB], memory.free [MiB], memory.reserved [MiB], temperature.gpu\n' +
        'NVIDIA GeForce RTX 4090 D, 24564 MiB, 3000 MiB, 21130 MiB, 434 MiB, 38\n',
    );
    expect((await smi(SELF, query, '--format=csv,noheader,nounits')).stdout).toBe(
      'NVIDIA GeForce RTX 4090 D, 24564, 3000, 21130, 434, 38\n',
    );
  });

  test('knows fields that it cannot tell, and refuses those that do not exist', async () => {
    const query = '--query-gpu=fan.speed,temperature.memory,power.draw';
    const {stdout} = await smi('absent=fan.speed\npower_w=300.5\n', query, '--format=csv');
    expect(stdout).toBe('fan.speed [%], temperature.memory, power.draw [W]\n[N/A], N/A, 300.50 W\n');
    expect(await smi('', '--query-gpu=nonsense', '--format=csv')).toEqual({
      code: 2,
      stdout: 'Field "nonsense" is not a valid field to query.\n\n',
    });
  });

  test('lists the processes that live', async () => {
    const state = `${SELF}process=2147483647,9000,dead\n`;
    const apps = await smi(state, '--query-compute-apps=pid,process_name,used_memory', '--format=csv');
    expect(apps.stdout).toBe(
      `pid, process_name, used_gpu_memory [MiB]\n${process.pid}, /usr/bin/python3, 3000 MiB\n`,
    );
    expect((await smi(state, '--query-gpu=memory.used', '--format=csv,noheader,nounits')).stdout).toBe(
      '3000\n',
    );
    const pmon = await smi(state, 'pmon', '-c', '1', '-s', 'm');
    expect(pmon.stdout).toMatch(
      /^# gpu +pid +type +fb +ccpm +command \n.*\n +0 +\d+ +C +3000 +0 +python3 *\n$/,
    );
  });

  test('draws the table with lines of one width', async () => {
    const {stdout} = await smi(SELF);
    const [, ...lines] = stdout.trimEnd().split('\n');
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([91]));
    expect(stdout).toMatch(/NVIDIA-SMI 570\.133\.20 +Driver Version: 570\.133\.20 +CUDA Version: 12\.8/);
    expect(stdout).toContain('3000MiB /  24564MiB');
  });

  test.each([
    ['no-devices', 6, 'No devices were found'],
    ['unknown-error', 255, 'Unable to determine the device handle for GPU0: 0000:01:00.0: Unknown Error'],
    ['lost', 15, 'GPU is lost.  Reboot the system to recover this GPU'],
    ['nvml-unknown', 255, 'Failed to initialize NVML: Unknown Error'],
    ['mismatch', 18, 'Driver/library version mismatch'],
    ['no-driver', 9, "couldn't communicate with the NVIDIA driver"],
  ])('suffers %s as the real one does', async (fault, code, words) => {
    const ended = await smi(`fault=${fault}\n`, '-L');
    expect(ended.code).toBe(code);
    expect(ended.stdout).toContain(words);
  });

  test('repeats without repeating the header, sees the state change, and ends when the card is lost', async () => {
    await using folder = await temporaryFolder();
    const state = join(folder.path, 'state');
    await writeFile(state, 'utilization=1\n');
    const child = start(folder.path, ['--query-gpu=utilization.gpu', '--format=csv', '-lms', '20']);
    const closed = once(child, 'close');
    const seen = new Set<string>();
    let headers = 0;
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('utilization')) headers++;
      seen.add(line);
      if (line === '1 %') await writeFile(state, 'utilization=99\n');
      if (line === '99 %') await writeFile(state, 'fault=lost\n');
    }
    expect(await closed).toEqual([15, null]);
    expect(headers).toBe(1);
    expect([...seen].slice(0, 3)).toEqual(expect.arrayContaining(['utilization.gpu [%]', '1 %']));
    expect(seen).toContain('99 %');
  });
});
