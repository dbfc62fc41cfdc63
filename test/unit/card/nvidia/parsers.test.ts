import {describe, expect, it} from 'vitest';
import {mib} from '../../../../src/base/units.ts';
import {
  chooseCard,
  fieldsFor,
  parseCards,
  refusedField,
  type CardRow,
} from '../../../../src/card/nvidia/cards.ts';
import {known, numberIn, readCsv} from '../../../../src/card/nvidia/csv.ts';
import {mergeProcesses, parseComputeApps, parsePmon} from '../../../../src/card/nvidia/processes.ts';
import {throttleReasons} from '../../../../src/card/nvidia/throttle.ts';
import {cudaFits, parseVersions} from '../../../../src/card/nvidia/versions.ts';
import * as answers from './answers.ts';

const UUID = 'GPU-00000000-0000-0000-0000-000000000000';

describe('a cell', () => {
  it.each([
    ['[N/A]'],
    ['N/A'],
    ['[Not Supported]'],
    ['[Insufficient Permissions]'],
    ['[Unknown Error]'],
    ['[GPU requires reset]'],
    ['[Requested functionality has been deprecated]'],
    ['Requested functionality has been deprecated'],
    ['Deprecated, see "KMD version" instead'],
    ['ERR!'],
    ['-'],
    [''],
    ['   '],
  ])('that says %j tells nothing', (cell) => {
    expect(known(cell)).toBeUndefined();
    expect(numberIn(cell)).toBeUndefined();
  });

  it('that says zero says zero', () => {
    expect(numberIn('0')).toBe(0);
    expect(numberIn('0 %')).toBe(0);
    expect(numberIn('0 MiB')).toBe(0);
    expect(numberIn('26.20 W')).toBe(26.2);
  });
});

describe('the query of cards', () => {
  it('is read by its header', () => {
    expect(parseCards(answers.CARDS_4080)).toEqual({
      stray: [],
      cards: [
        {
          index: 0,
          uuid: UUID,
          name: 'NVIDIA GeForce RTX 4080 SUPER',
          driver: '595.71.05',
          busId: '00000000:01:00.0',
          computeCapability: '8.9',
          persistence: false,
          totalBytes: mib(16376),
          usedBytes: mib(596),
          freeBytes: mib(15348),
          reservedBytes: mib(434),
          utilizationRatio: 0,
          temperatureC: 43,
          powerW: 26.2,
          powerLimitW: 320,
          throttle: ['idle'],
          resetRequired: false,
          lost: false,
        },
      ],
    });
  });

  it('is the same in any order of columns, with units or without', () => {
    const [head = '', row = ''] = answers.CARDS_4080.trimEnd()
      .split('\n')
      .map((line) => line.split(', ').toReversed().join(', '));
    const bare = (line: string) => line.replaceAll(/ (?:MiB|W|%)(?=,|$)/g, '');
    const same = parseCards(answers.CARDS_4080).cards;
    expect(parseCards(`${head}\n${row}\n`).cards).toEqual(same);
    expect(parseCards(`${head.replaceAll(/ \[[^\]]*\]/g, '')}\n${bare(row)}\n`).cards).toEqual(same);
    expect(parseCards(`WARNING: infoROM is corrupted\n${head}\r\n${row}\r\n`)).toEqual({
      cards: same,
      stray: ['WARNING: infoROM is corrupted'],
    });
  });

  it('leaves out what the driver does not tell, and remembers that a reset is asked for', () => {
    const text =
      'index, uuid, memory.total [MiB], memory.used [MiB], utilization.gpu [%], temperature.gpu, power.draw [W]\n' +
      '1, GPU-1, [GPU requires reset], [N/A], [Not Supported], ERR!, [Unknown Error]\n';
    expect(parseCards(text).cards).toEqual([
      {index: 1, uuid: 'GPU-1', name: 'NVIDIA GPU', resetRequired: true, lost: false},
    ]);
  });

  it('knows the older name of the throttle reasons', () => {
    const text = 'index, uuid, clocks_throttle_reasons.active\n0, GPU-1, 0x0000000000000024\n';
    expect(parseCards(text).cards[0]?.throttle).toEqual(['power-cap', 'thermal-software']);
  });

  it('drops the field that a driver refuses, and asks for its older name where it has one', () => {
    const field = refusedField('Field "clocks_event_reasons.active" is not a valid field to query.\n');
    expect(field).toBe('clocks_event_reasons.active');
    expect(fieldsFor(new Set())).toContain('clocks_event_reasons.active');
    const now = fieldsFor(new Set([field ?? '', 'gpu_recovery_action']));
    expect(now).toContain('clocks_throttle_reasons.active');
    expect(now).not.toContain('clocks_event_reasons.active');
    expect(now).not.toContain('gpu_recovery_action');
  });

  it('reads the recovery that the driver asks for', () => {
    const ask = (action: string) =>
      parseCards(`index, uuid, gpu_recovery_action\n0, GPU-1, ${action}\n`).cards[0]?.recovery;
    expect(['None', 'GPU Reset', 'Node Reboot', 'Drain and Reset', '[N/A]'].map(ask)).toEqual([
      undefined,
      'reset',
      'reboot',
      'reset',
      undefined,
    ]);
  });
});

describe('the choice of a card', () => {
  const card = (index: number, uuid: string): CardRow => ({
    index,
    uuid,
    name: 'card',
    resetRequired: false,
    lost: false,
  });
  const cards = [card(0, 'GPU-aaaa1111-1'), card(1, 'GPU-aaaa2222-2'), card(2, 'GPU-bbbb3333-3')];

  it.each([
    [undefined, 0],
    ['1', 1],
    ['GPU-bbbb3333-3', 2],
    ['gpu-aaaa2', 1],
    ['GPU-aaaa', undefined],
    ['GPU-b', undefined],
    ['7', undefined],
    ['', undefined],
  ])('%j', (wanted, index) => {
    expect(chooseCard(cards, wanted)?.index).toBe(index);
  });
});

describe('the processes', () => {
  it('of the compute query', () => {
    expect(parseComputeApps(answers.APPS_4080)).toEqual([
      {pid: 2165, uuid: UUID, name: '/usr/bin/kwin_wayland', usedBytes: mib(25), uses: 'compute'},
      {pid: 5022, uuid: UUID, name: 'ffmpeg', usedBytes: mib(503), uses: 'compute'},
      {pid: 5021, uuid: UUID, name: 'ffmpeg', usedBytes: mib(360), uses: 'compute'},
    ]);
  });

  it('may have commas in their names, no name, or no memory', () => {
    const text =
      'gpu_uuid, pid, process_name, used_gpu_memory [MiB]\n' +
      'GPU-1, 7, /opt/a, b, c, 12\nGPU-1, 8, [Not Found], [N/A]\nGPU-1, x, name, 3\nGPU-1, 9\n';
    expect(parseComputeApps(text)).toEqual([
      {pid: 7, uuid: 'GPU-1', name: '/opt/a, b, c', usedBytes: mib(12), uses: 'compute'},
      {pid: 8, uuid: 'GPU-1', uses: 'compute'},
    ]);
  });

  it('of the monitor, graphics too, whichever columns it has', () => {
    expect(parsePmon(answers.PMON_4080).map(({pid, uses, usedBytes}) => [pid, uses, usedBytes])).toEqual([
      [2165, 'both', undefined],
      [2496, 'graphics', undefined],
      [3527, 'graphics', undefined],
      [5021, 'compute', undefined],
      [5022, 'compute', undefined],
    ]);
    expect(parsePmon(answers.PMON_MEMORY_4080)[1]).toEqual({
      pid: 2496,
      index: 0,
      uses: 'graphics',
      name: 'plasma-keyboard',
      usedBytes: mib(200),
    });
    expect(parsePmon('    0  12  C  1  0  early, without a header\n')).toEqual([]);
  });

  it('of both lists become one, of this card alone', () => {
    const apps = parseComputeApps(`${answers.APPS_4080}t, n, b, s, GPU-other, 5021, stranger, 9 MiB\n`);
    const merged = mergeProcesses({uuid: UUID, index: 0}, apps, parsePmon(answers.PMON_MEMORY_4080));
    expect(merged.map(({pid, name, uses, usedBytes}) => [pid, name, uses, usedBytes])).toEqual([
      [2165, '/usr/bin/kwin_wayland', 'both', mib(25)],
      [2496, 'plasma-keyboard', 'graphics', mib(200)],
      [2954, 'plasmashell', 'graphics', mib(120)],
      [5021, 'ffmpeg', 'compute', mib(360)],
      [5022, 'ffmpeg', 'compute', mib(503)],
    ]);
    expect(mergeProcesses({uuid: 'GPU-2', index: 1}, apps, parsePmon(answers.PMON_MEMORY_4080))).toEqual([]);
  });
});

describe('throttle reasons', () => {
  it.each([
    ['0x0000000000000000', []],
    ['0x0000000000000001', ['idle']],
    [
      '0x00000000000001FE',
      [
        'application-clocks',
        'power-cap',
        'hardware-slowdown',
        'sync-boost',
        'thermal-software',
        'thermal-hardware',
        'power-brake',
        'display-clocks',
      ],
    ],
    ['0x8000000000000004', ['power-cap', 'unknown']],
    ['[N/A]', undefined],
    [undefined, undefined],
    ['0xnonsense', undefined],
  ])('of %j', (mask, reasons) => {
    expect(throttleReasons(mask)).toEqual(reasons);
  });
});

describe('versions', () => {
  it.each([
    ['595', answers.VERSION_595, {driver: '595.71.05', cudaCeiling: '13.2'}],
    ['610, which renamed both', answers.VERSION_610, {driver: '610.57.04', cudaCeiling: '13.3'}],
    ['the head of the table of 550', answers.TABLE_HEAD_550, {driver: '550.163.01', cudaCeiling: '12.4'}],
    ['the head of the table of 610', answers.TABLE_HEAD_610, {driver: '610.57.04', cudaCeiling: '13.3'}],
    ['a table whose CUDA is N/A', 'Driver Version: 390.157   CUDA Version: N/A', {driver: '390.157'}],
    ['nonsense', 'nonsense', {}],
  ])('of %s', (_, text, versions) => {
    expect(parseVersions(text)).toEqual(versions);
  });

  it.each([
    [{cudaCeiling: '12.8'}, '12.8', {state: 'fits'}],
    [{cudaCeiling: '13.0'}, '12.9', {state: 'fits'}],
    [{cudaCeiling: '12.4'}, '12.8.1', {state: 'minor', neededDriver: 525}],
    [{driver: '570.133.20', cudaCeiling: '12.8'}, '13.0', {state: 'too-old', neededDriver: 580}],
    [{driver: '570.133.20'}, '13.0', {state: 'too-old', neededDriver: 580}],
    [{driver: '580.65.06'}, '13.0', {state: 'minor', neededDriver: 580}],
    [{driver: '580.65.06'}, '12.9', {state: 'fits'}],
    [{cudaCeiling: '13.2'}, '14.0', {state: 'too-old'}],
    [{}, '12.8', {state: 'unknown'}],
    [{cudaCeiling: '12.8'}, 'latest', {state: 'unknown'}],
  ])('%j runs an image of CUDA %s: %j', (versions, image, verdict) => {
    expect(cudaFits(versions, image)).toEqual(verdict);
  });
});

it('keeps lines that fit no table apart', () => {
  expect(readCsv('a, b\n1, 2\n1, 2, 3\n\nhello\n', {required: ['a']})).toEqual({
    rows: [
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    ],
    stray: ['1, 2, 3', 'hello'],
  });
});
