import {describe, expect, it} from 'vitest';
import {bytes} from '../../../src/base/units.ts';
import type {OwnImage} from '../../../src/hosts/index.ts';
import {chooseImage} from '../../../src/images/choose.ts';

const image = (reference: string, more: Partial<OwnImage> = {}): OwnImage => ({
  id: `sha256:${reference}`,
  name: 'berth',
  references: [reference],
  totalBytes: bytes(1),
  createdAt: new Date(0),
  version: '',
  inputs: '',
  code: 'c',
  base: 'own',
  containers: [],
  ...more,
});
const wanted = {name: 'berth', reference: 'berth/berth:pinned', code: 'c'};

describe('which image will do', () => {
  const newestFirst = [
    image('berth/berth:nameless', {references: []}),
    image('berth/berth:stale', {code: 'old'}),
    image('berth/vllm:other', {name: 'vllm'}),
    image('berth/berth:newer'),
    image('berth/berth:older'),
    image('berth/berth:pinned', {base: 'debian'}),
  ];

  it('is the very one, however old', () => {
    expect(chooseImage(newestFirst, wanted, true)).toEqual({
      reference: 'berth/berth:pinned',
      id: 'sha256:berth/berth:pinned',
      base: 'debian',
    });
  });

  it('is else the newest of the same name and content that has a name', () => {
    expect(chooseImage(newestFirst.slice(0, -1), wanted, true)?.reference).toBe('berth/berth:newer');
  });

  it('is none on another base than the one that was asked for', () => {
    expect(chooseImage(newestFirst.slice(0, -1), wanted, false)).toBeUndefined();
  });

  it('is none when what there is holds something else', () => {
    expect(chooseImage(newestFirst.slice(0, 3), wanted, true)).toBeUndefined();
  });
});
