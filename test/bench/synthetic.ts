import {NANO_SHAPE, type SyntheticShape} from '../../src/models/index.ts';

/** 160 MB of weights: a token costs tens of milliseconds on a core, and a real 4B model's costs many times that. */
export const SYNTHETIC_160MB: SyntheticShape = {
  ...NANO_SHAPE,
  name: 'Berth synthetic',
  type: 'Q8_0',
  layers: 12,
  hidden: 1024,
  feedForward: 3072,
  heads: 16,
  kvHeads: 8,
};
