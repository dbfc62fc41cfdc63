import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {localRun, startLocally} from '../../../src/card/index.ts';
import {mask, recordCards} from '../../bench/gpu/record.ts';
import {temporaryFolder} from '../../support/temporary.ts';

/** The double of nvidia-smi: what it answers is no measurement, so nothing of this is kept. */
const DOUBLE = join(import.meta.dirname, '../../fakes/gpu/nvidia-smi');
const MAIN = join(import.meta.dirname, '../../bench/gpu/main.ts');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

it('records every answer and what Berth makes of it, with nothing that names a machine', async () => {
  const double = ['env', `GPU_DOUBLE_DIR=${folder.path}`, DOUBLE] as const;
  const run = localRun();
  const recorded = await recordCards({
    run: ([, ...rest], limits) => run([...double, ...rest], limits),
    start: ([, ...rest]) => startLocally([...double, ...rest]),
    clock: systemClock,
    folder: join(folder.path, 'out'),
    rounds: 2,
    rows: 5,
  });
  expect(recorded.state).toBe('recorded');
  const [answers = '', page = ''] = (await readdir(join(folder.path, 'out'))).toSorted().toReversed();
  expect([answers, page]).toEqual([
    'nvidia-geforce-rtx-4090-d-570.133.20.txt',
    'nvidia-geforce-rtx-4090-d-570.133.20.md',
  ]);
  const said = await readFile(join(folder.path, 'out', answers), 'utf8');
  expect(said.match(/^\$ nvidia-smi/gm)).toHaveLength(7);
  expect(said).toContain('NVIDIA GeForce RTX 4090 D');
  expect(said).not.toContain('d0b1e000');
  const told = await readFile(join(folder.path, 'out', page), 'utf8');
  expect(told).toContain(`total ${24564 * 1024 ** 2} = used 0 + free ${24130 * 1024 ** 2} + reserved`);
  expect(told).toMatch(
    /rows of a loop every 100 ms, time between two: median \d+\.\d ms, longest \d+\.\d ms, of 5/,
  );
});

it('says what it needs where there is no card', async () => {
  const child = spawn(process.execPath, [MAIN, '--folder', folder.path], {
    env: {PATH: folder.path, HOME: folder.path},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>]);
  expect(code).toBe(1);
  expect(said).toContain('needs an NVIDIA card, its driver and nvidia-smi');
  expect(said).toContain('There is no nvidia-smi on this machine.');
});

it('masks alike what is alike', () => {
  const [a, b] = ['GPU-d0b1e000-4090-4d00-8d0b-1e0000004090', 'GPU-d0b1e001-4090-4d00-8d0b-1e0000004090'];
  expect(mask(`${a} ${b} ${a} Serial Number : 123 /home/ann/x, 7`)).toBe(
    'GPU-00000000-0000-0000-0000-000000000000 GPU-00000000-0000-0000-0000-000000000001 ' +
      'GPU-00000000-0000-0000-0000-000000000000 Serial Number : masked /home/user/x, 7',
  );
});
