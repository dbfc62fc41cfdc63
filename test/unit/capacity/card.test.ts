import {describe, expect, it} from 'vitest';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {capacityReport, capacitySchema, type DeploymentView} from '../../../src/capacity/index.ts';
import type {DeviceFacts, Reading} from '../../../src/card/index.ts';
import {cardFault} from '../../../src/card/nvidia/faults.ts';
import {presentCapacity} from '../../../src/cli/present/capacity.ts';
import {displayWidth} from '../../../src/cli/width.ts';

const at = new Date('2026-01-02T03:04:05Z');
const facts: DeviceFacts = {
  kind: 'gpu',
  id: 'GPU-d0b1e000',
  name: 'NVIDIA GeForce RTX 4090 D',
  totalBytes: mib(24564),
  index: 0,
  driver: '570.133.20',
  cudaCeiling: '12.8',
  computeCapability: '8.9',
  persistence: false,
};
const reading: Reading = {
  at,
  totalBytes: mib(24564),
  usedBytes: mib(6644),
  freeBytes: mib(17486),
  reservedBytes: mib(434),
  utilizationRatio: 0,
  temperatureC: 38,
  powerW: 21.5,
  powerLimitW: 425,
  throttle: ['idle', 'power-cap'],
  processesHidden: true,
  processes: [
    {
      pid: 7,
      name: 'python3',
      command: 'python3 main.py',
      usedBytes: mib(6144),
      uses: 'compute',
      containerId: 'a1'.repeat(32),
    },
    {pid: 9, name: 'Xorg', command: 'Xorg', user: 'root', usedBytes: mib(300), uses: 'graphics'},
  ],
  faults: [cardFault('reset-required', 'GPU-d0b1e000')],
};
const view = (device: 'cpu' | 'gpu'): DeploymentView => ({
  name: 'default',
  host: 'local',
  observed: {state: 'stopped', committedRelease: 1},
  release: {
    number: 1,
    model: 'nano',
    variant: 'F16',
    engine: 'embedded',
    device,
    standIn: true,
    contextTokens: 4096,
    budgetBytes: gib(3),
    predictedPeakBytes: gib(2),
  },
  stats: () => Promise.resolve(undefined),
});
const report = (device: 'cpu' | 'gpu' = 'gpu') =>
  capacityReport({view: view(device), facts, reading, stats: undefined});

describe('the capacity of a card', () => {
  it('keeps its own schema and adds up', () => {
    const made = report();
    expect(capacitySchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect(made.device).toMatchObject({
      index: 0,
      cudaCeiling: '12.8',
      temperatureC: 38,
      throttle: ['idle', 'power-cap'],
      faults: [
        {
          name: 'reset-required',
          message: 'The card must be reset before it works again.',
          line: 'GPU-d0b1e000',
        },
      ],
    });
    expect(made.memory.unattributedBytes).toBe(mib(200));
    expect(made.tenants.map(({kind, uses, usedBytes}) => [kind, uses, usedBytes])).toEqual([
      ['outsider', 'compute', mib(6144)],
      ['outsider', 'graphics', mib(300)],
      ['unattributed', undefined, mib(200)],
    ]);
  });

  it('keeps back what a model on it may still take, and nothing for one that is elsewhere', () => {
    expect(report('gpu').fits.modelGrowthBytes).toBe(gib(3));
    const elsewhere = report('cpu');
    expect(elsewhere.fits.modelGrowthBytes).toBe(0);
    expect(elsewhere.fits.guaranteedBytes).toBe(bytes(mib(17486) - Math.round(mib(24564) * 0.02)));
  });

  it.each(['en', 'zh-CN'] as const)('is shown to people in %s, at most 80 columns wide', (language) => {
    const shown = presentCapacity(textsFor(language), report('cpu'));
    expect(shown.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
    for (const part of [
      '570.133.20',
      '12.8',
      '38 °C',
      '21.5 W / 425 W',
      '0 %',
      'Xorg (root',
      'python3 (@a1a1a1a1a1a1)',
    ])
      expect(shown).toContain(part);
    const t = textsFor(language);
    expect(shown).toContain(t.card.throttle['power-cap']);
    expect(shown).toContain(t.card.fault['reset-required'].what({detail: ''}));
    expect(shown).toContain(t.capacity.otherDevice.cpu);
    expect(shown).toContain(t.capacity.processesHidden);
    // Idle is no complaint.
    expect(shown).not.toContain(t.capacity.limitedBy({reasons: t.card.throttle.idle}));
  });

  it('says why the CPU stands in for a card that has failed', () => {
    const cpu: DeviceFacts = {
      kind: 'cpu',
      id: 'cpu',
      name: 'CPU',
      totalBytes: gib(16),
      faults: [cardFault('silent', '', '10 s')],
    };
    const made = capacityReport({
      view: view('cpu'),
      facts: cpu,
      reading: {...reading, faults: []},
      stats: undefined,
    });
    expect(made.device.faults?.[0]).toMatchObject({name: 'silent', detail: '10 s'});
    expect(presentCapacity(textsFor('zh-CN'), made)).toContain('! nvidia-smi 在 10 s 内没有响应。');
  });
});
