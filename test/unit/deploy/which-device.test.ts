import {describe, expect, it} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import {gib} from '../../../src/base/units.ts';
import type {CardFault, Device} from '../../../src/card/index.ts';
import {cardFault} from '../../../src/card/nvidia/faults.ts';
import {settingsSchema, type SettingsInput} from '../../../src/deploy/config/settings.ts';
import {checkCardIsUsed, checkCardWorks, deviceFor, deviceOf} from '../../../src/deploy/which-device.ts';

const settings = (given: SettingsInput) => settingsSchema.parse(given);

describe('the device of a deployment', () => {
  it.each([
    [{}, 'cpu'],
    [{runtime: 'process', engine: 'llama-cpp'}, 'cpu'],
    [{runtime: 'docker'}, undefined],
    [{runtime: 'docker', engine: 'embedded', card: 0}, 'cpu'],
    [{runtime: 'docker', engine: 'vllm'}, undefined],
    [{runtime: 'docker', engine: 'llama-cpp', card: 1}, '1'],
    [{runtime: 'docker', engine: 'llama-cpp', card: 'cpu'}, 'cpu'],
    [{runtime: 'docker', engine: 'vllm', card: 'GPU-d0b1e000'}, 'GPU-d0b1e000'],
  ] as const)('%j is on %j', (given, device) => {
    const {runtime = 'process', ...rest} = settings(given);
    expect(deviceFor(rest)(runtime)).toBe(device);
  });

  it('is refused when nothing would use it', () => {
    const check = (given: SettingsInput) => () =>
      checkCardIsUsed(settings(given), given.runtime ?? 'process');
    expect(check({card: 0})).toThrow(BerthError);
    expect(check({card: '0', runtime: 'docker', engine: 'embedded'})).toThrow(/computes on the CPU/);
    expect(check({card: 'cpu'})).not.toThrow();
    expect(check({card: 0, runtime: 'docker', engine: 'vllm'})).not.toThrow();
    expect(check({})).not.toThrow();
  });

  it('is certain for some engines alone', () => {
    expect(deviceOf('vllm', 'docker')).toBe('gpu');
    expect(deviceOf('llama-cpp', 'docker')).toBeUndefined();
    expect(deviceOf('llama-cpp', 'process')).toBe('cpu');
  });

  it('is never the CPU in silence where a card has failed', async () => {
    const device = (faults: readonly CardFault[]): Device => ({
      facts: () => Promise.resolve({kind: 'cpu', id: 'cpu', name: 'CPU', totalBytes: gib(16), faults}),
      read: () => Promise.reject(new Error('not asked')),
    });
    await expect(checkCardWorks(device([cardFault('lost')]))).rejects.toMatchObject({
      code: 'card_lost',
      try: expect.arrayContaining(['berth deploy --card cpu']) as string[],
    });
    await expect(checkCardWorks(device([]))).resolves.toBeUndefined();
  });
});
