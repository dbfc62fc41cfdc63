import {describe, expect, it} from 'vitest';
import {bytes} from '../../../src/base/units.ts';
import type {OwnImage} from '../../../src/hosts/index.ts';
import {choosePrunable} from '../../../src/images/prune.ts';
import {groupEnds} from '../../../src/images/send/send.ts';

const image = (reference: string, more: Partial<OwnImage> = {}): OwnImage => ({
  id: `sha256:${reference}`,
  name: reference.split(/[/:]/)[1] ?? '',
  references: [reference],
  totalBytes: bytes(1),
  createdAt: new Date(0),
  version: '',
  inputs: '',
  code: '',
  base: '',
  containers: [],
  ...more,
});

describe('pruning', () => {
  it('keeps what a container or a release needs, and the newest of each name', () => {
    const newestFirst = [
      image('berth/berth:5'),
      image('berth/berth:4', {containers: ['berth-default-watch']}),
      image('berth/vllm:3'),
      image('berth/berth:2'),
      image('berth/berth:1'),
    ];
    const {remove, keep} = choosePrunable(newestFirst, new Set(['berth/berth:2']));
    expect(remove.map(({references}) => references[0])).toEqual(['berth/berth:1']);
    expect(keep.map(({image: {references}, why}) => [references[0], why])).toEqual([
      ['berth/berth:5', 'newest'],
      ['berth/berth:4', 'container'],
      ['berth/vllm:3', 'newest'],
      ['berth/berth:2', 'release'],
    ]);
  });
});

describe('sending', () => {
  const MIB = 1024 ** 2;
  it.each([
    ['nothing is there', [30 * MIB, 20 * MIB, MIB], 0, [1, 2, 3]],
    ['small layers go together', [MIB, MIB, 9 * MIB, MIB, MIB], 0, [3, 5]],
    ['one is missing', [30 * MIB, 20 * MIB, MIB], 2, [3]],
    ['only the description is missing', [30 * MIB, 20 * MIB], 2, [2]],
  ])('%s', (_what, sizes, present, ends) => {
    expect(groupEnds(sizes, present)).toEqual(ends);
  });
});
