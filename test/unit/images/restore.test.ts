import {describe, expect, it} from 'vitest';
import {bytes} from '../../../src/base/units.ts';
import type {OwnImage} from '../../../src/hosts/index.ts';
import {whoseNameWas} from '../../../src/images/restore.ts';

const image = (name: string, inputs: string): OwnImage => ({
  ...{name, inputs, id: `sha256:${name}-${inputs}`, references: [], containers: []},
  ...{totalBytes: bytes(1), createdAt: new Date(0), version: '', code: '', base: ''},
});

describe('an image that has lost its name', () => {
  const images = [image('vllm', '3f9c2b7a1d04ffff'), image('berth', '3f9c2b7a1d04ffff'), image('berth', '0')];

  it('is known by what it was built from', () => {
    expect(whoseNameWas('berth/berth:3f9c2b7a1d04', images)).toBe(images[1]);
  });

  it('is not taken for one that was built from it', () => {
    const derived = {...image('berth', '3f9c2b7a1d04ffff'), references: ['mine:1']};
    expect(whoseNameWas('berth/berth:3f9c2b7a1d04', [derived, ...images])).toBe(images[1]);
  });

  it('is not taken for another', () => {
    expect(whoseNameWas('berth/berth:aaaaaaaaaaaa', images)).toBeUndefined();
  });
});
