import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../../src/base/texts/index.ts';
import {CARD_FAULTS, cardError, cardFault, faultIn} from '../../../../src/card/nvidia/faults.ts';
import {isKnownXid, KNOWN_XIDS, parseXids, xidsOf} from '../../../../src/card/nvidia/xids.ts';
import {KERNEL_LOG} from './answers.ts';

describe('what nvidia-smi says when it fails', () => {
  it.each([
    ['no-devices', 6, 'No devices were found\n'],
    [
      'no-answer',
      255,
      'Unable to determine the device handle for GPU0: 0000:01:00.0: Unknown Error\nNo devices were found',
    ],
    ['no-answer', 255, 'Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error'],
    [
      'lost',
      15,
      'Unable to determine the device handle for GPU 0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU',
    ],
    [
      'reset-required',
      255,
      'Unable to determine the device handle for GPU0: 0000:01:00.0: GPU requires reset',
    ],
    [
      'mismatch',
      18,
      'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.133',
    ],
    [
      'no-driver',
      9,
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
    ],
    ['nvml-unknown', 255, 'Failed to initialize NVML: Unknown Error'],
    ['library-missing', 12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system."],
    ['no-permission', 4, 'Failed to initialize NVML: Insufficient Permissions'],
    ['lost', 15, ''],
    ['mismatch', 18, 'words in another language'],
    ['unreadable', 1, 'Segmentation fault'],
    ['unreadable', null, ''],
  ])('%s (exit %j)', (name, code, text) => {
    expect(faultIn({code, text})?.name).toBe(name);
  });

  it('is no fault when it went well', () => {
    expect(faultIn({code: 0, text: 'index, uuid\n0, GPU-1\n'})).toBeUndefined();
  });

  it.each(CARD_FAULTS)('%s has a cause and a fix in both languages', (name) => {
    const error = cardError(cardFault(name, 'its line', 'its detail'));
    expect(error.code).toBe(`card_${name.replaceAll('-', '_')}`);
    expect(error.try.length).toBeGreaterThan(0);
    for (const language of ['en', 'zh-CN'] as const) {
      expect(error.what(textsFor(language))).not.toBe('');
      expect(error.why?.(textsFor(language))).not.toBe('');
    }
  });

  it('cannot steer a terminal', () => {
    expect(cardFault('unreadable', `\u001b[2J${'x'.repeat(1000)}`).line).toMatch(/^\[2Jx{297}$/);
  });
});

describe('XIDs of the kernel log', () => {
  it('are found in every form', () => {
    expect(parseXids(KERNEL_LOG).map(({line: _, ...xid}) => xid)).toEqual([
      {code: 119, busId: '0000:61:00', remedy: 'reset', pid: 1346198, process: 'nvidia-smi'},
      {code: 120, busId: '0000:3b:00', remedy: 'reset'},
      {code: 45, busId: '0000:61:00', remedy: 'restart-program', pid: 1496200, process: 'distprovers-gpu'},
      {code: 13, busId: '0000:01:00', remedy: 'restart-program'},
      {code: 63, busId: '0000:10:1c', remedy: 'reset', pid: 1896},
      {code: 79, busId: '0000:01:00', remedy: 'reboot'},
    ]);
  });

  it('belong to the card at their place on the bus', () => {
    const codes = (bus: string) => xidsOf(parseXids(KERNEL_LOG), bus).map(({code}) => code);
    expect(codes('00000000:01:00.0')).toEqual([13, 79]);
    expect(codes('0000:61:00.0')).toEqual([119, 45]);
    expect(codes('00000000:02:00.0')).toEqual([]);
  });

  it.each([
    ['0x0 (None) to 0x1 (GPU Reset Required)', 'reset'],
    ['0x0 (None) to 0x2 (Node Reboot Required)', 'reboot'],
    ['0x1 (GPU Reset Required) to 0x0 (None)', 'nothing'],
  ])('154 tells what is asked for: %s', (change, remedy) => {
    const line = `NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from ${change}`;
    expect(parseXids(line)[0]?.remedy).toBe(remedy);
  });

  it('have texts in both languages when they are known, and no remedy is invented for others', () => {
    for (const code of KNOWN_XIDS) expect(textsFor('zh-CN').card.xid[`x${code}`]).not.toBe('');
    expect(isKnownXid(9999)).toBe(false);
    expect(parseXids('NVRM: Xid (PCI:0000:01:00): 999, news')).toMatchObject([
      {code: 999, remedy: 'nothing'},
    ]);
  });
});
