import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {gib, mib} from '../../../../src/base/units.ts';
import {
  driverLimits,
  liftOnCard,
  limitOnCard,
  parseHardLimit,
  readCardLimit,
} from '../../../../src/capacity/leases/keep/card.ts';
import {runHere} from '../../../../src/hosts/local/run.ts';
import type {Host} from '../../../../src/hosts/index.ts';
import {temporaryFolder} from '../../../support/temporary.ts';

const CARD = 'GPU-d0b1e000-4090-4d00-8d0b-1e0000004090';
const SMI = join(import.meta.dirname, '../../../fakes/gpu/nvidia-smi');
const PID = 4711;

/**
 * A host with control groups v2 under a folder and the double of nvidia-smi: what this proves is what Berth asks and
 * how it reads the answers, not that a driver limits anybody.
 */
async function withCard(
  limits: 'dmem' | 'misc' | 'none',
  group: string,
): Promise<AsyncDisposable & {host: Pick<Host, 'run'>}> {
  const folder = await temporaryFolder();
  const leaf = join(folder.path, 'sys/fs/cgroup', group);
  await mkdir(leaf, {recursive: true});
  if (limits === 'dmem') await writeFile(join(leaf, 'dmem.max'), '');
  await writeFile(join(folder.path, 'sys/fs/cgroup/cgroup.controllers'), '');
  await writeFile(join(folder.path, 'state'), `memory_limits=${limits}\n`);
  const here = (word: string): string =>
    word.replace(/^\/sys\/fs\/cgroup/, join(folder.path, 'sys/fs/cgroup'));
  return {
    host: {
      run: async ([program, ...args]) => {
        if (program === 'cat') return {code: 0, stdout: `0::${group}\n`, stderr: ''};
        if (program === 'sudo') return {code: 1, stdout: '', stderr: 'a password is required'};
        const command: [string, ...string[]] =
          program === 'nvidia-smi' ? ['env', `GPU_DOUBLE_DIR=${folder.path}`, SMI] : [program];
        return await runHere([...command, ...args.map(here)]);
      },
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const GROUP = `/system.slice/docker-${'ab'.repeat(32)}.scope`;

describe.skipIf(process.platform === 'win32')('a limit on a card (double of nvidia-smi)', () => {
  it.each([
    ['dmem', 'T3'],
    ['misc', 'T2'],
  ] as const)('by %s is tier %s once it was read back, and goes when it is lifted', async (backend, tier) => {
    await using card = await withCard(backend, GROUP);
    expect(await driverLimits(card.host)).toBe(true);
    expect(await readCardLimit(card.host, CARD, PID, gib(6))).toMatchObject({
      tier: 'T0',
      why: 'not-read-back',
    });
    expect(await limitOnCard(card.host, CARD, PID, gib(6))).toEqual({tier});
    expect(await readCardLimit(card.host, CARD, PID, gib(6))).toEqual({tier});
    expect(await readCardLimit(card.host, CARD, PID, gib(5))).toMatchObject({
      tier: 'T0',
      why: 'not-read-back',
    });
    await liftOnCard(card.host, CARD, PID);
    expect(await readCardLimit(card.host, CARD, PID, gib(6))).toMatchObject({tier: 'T0'});
  });

  it('is advice where the driver does not know the word', async () => {
    await using card = await withCard('none', GROUP);
    expect(await driverLimits(card.host)).toBe(false);
    const {tier, why, detail} = await limitOnCard(card.host, CARD, PID, gib(6));
    expect([tier, why]).toEqual(['T0', 'card-unproven']);
    expect(detail).toContain('not recognized');
  });

  it('is advice where the container has no group of its own: one on the root would be everybody’s', async () => {
    await using card = await withCard('misc', '/');
    expect(await limitOnCard(card.host, CARD, PID, gib(6))).toMatchObject({tier: 'T0', why: 'card-unproven'});
    expect(await readCardLimit(card.host, CARD, PID, gib(6))).toMatchObject({tier: 'T0'});
  });

  it('reads what NVIDIA’s documentation shows, and nothing else', () => {
    const shown =
      'namespace: /sys/fs/cgroup/mygroup\nsoft limit: 4096 MiB\nhard limit: 8192 MiB\ncurrent used: 512 MiB\n';
    expect(parseHardLimit(shown)).toBe(mib(8192));
    for (const text of ['', 'hard limit: max', 'hard limit: [N/A]', 'hard limit: -1 MiB'])
      expect(parseHardLimit(text)).toBeUndefined();
  });
});
