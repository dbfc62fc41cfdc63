/** What is measured: real quantisation types in shapes from 3 million to 800 million parameters, at many settings. */
import {NANO_SHAPE, type SyntheticShape} from '../../../src/models/index.ts';
import type {MemorySettings} from '../../support/engine-peak.ts';

export interface GridModel {
  /** Type and size, as the table names it. */
  name: string;
  shape: SyntheticShape;
  settings: readonly MemorySettings[];
}

type Setting = readonly [
  contextTokens: number,
  sequences: number,
  kvType: MemorySettings['kvType'],
  batchTokens: number,
];

const at = (...settings: readonly Setting[]): MemorySettings[] =>
  settings.map(([contextTokens, sequences, kvType, batchTokens]) => ({
    contextTokens,
    sequences,
    kvType,
    batchTokens,
  }));

const wide = {...NANO_SHAPE, hidden: 1024, feedForward: 3072, heads: 16, kvHeads: 8, headSize: 128};

export const GRID: readonly GridModel[] = [
  {
    name: 'nano F16',
    shape: NANO_SHAPE,
    settings: at(
      [2048, 1, 'f16', 512],
      [8192, 1, 'f16', 512],
      [8192, 4, 'f16', 512],
      [8192, 8, 'q8_0', 512],
      [32_768, 1, 'f16', 512],
      [32_768, 2, 'q4_0', 1024],
    ),
  },
  {
    name: '0.06B F16',
    shape: {...wide, name: 'f16', layers: 4},
    settings: at(
      [1024, 1, 'f16', 64],
      [4096, 2, 'f16', 512],
      [4096, 4, 'q8_0', 256],
      [16_384, 1, 'f16', 512],
    ),
  },
  {
    name: '0.13B Q8_0, 32,000 tokens',
    shape: {...wide, name: 'q8', layers: 4, type: 'Q8_0', vocabulary: 32_000},
    settings: at(
      [1000, 3, 'q4_0', 256],
      [4096, 1, 'f16', 512],
      [8192, 4, 'q8_0', 512],
      [2048, 8, 'f16', 1024],
    ),
  },
  {
    name: '0.44B Q4_K_M-like, 151,936 tokens',
    shape: {...wide, name: 'q4k', layers: 8, type: 'Q4_K', vocabulary: 151_936},
    settings: at(
      [4096, 1, 'q8_0', 512],
      [8192, 1, 'f16', 512],
      [4096, 4, 'f16', 256],
      [2048, 2, 'q4_0', 512],
    ),
  },
  {
    name: '0.75B Q8_0, 32,000 tokens',
    shape: {
      ...NANO_SHAPE,
      name: 'q8-large',
      type: 'Q8_0',
      layers: 12,
      hidden: 2048,
      feedForward: 6144,
      heads: 16,
      kvHeads: 8,
      headSize: 128,
      vocabulary: 32_000,
    },
    settings: at(
      [4096, 1, 'f16', 512],
      [8192, 2, 'q8_0', 512],
      [8192, 4, 'q4_0', 512],
      [2048, 1, 'f16', 128],
    ),
  },
  {
    name: '0.38B F16, 7 queries a KV head',
    shape: {
      ...NANO_SHAPE,
      name: 'f16-large',
      layers: 6,
      hidden: 1536,
      feedForward: 8960,
      heads: 12,
      kvHeads: 2,
      headSize: 128,
      vocabulary: 32_000,
    },
    settings: at([4096, 1, 'f16', 512], [16_384, 2, 'f16', 512], [8192, 4, 'q8_0', 256]),
  },
  {
    name: "1.1B Q4_K_M-like, Qwen3-4B's layers",
    shape: {
      ...NANO_SHAPE,
      name: 'q4k-large',
      type: 'Q4_K',
      layers: 8,
      hidden: 2560,
      feedForward: 9728,
      heads: 32,
      kvHeads: 8,
      headSize: 128,
      vocabulary: 64_000,
    },
    settings: at(
      [4096, 1, 'f16', 512],
      [8192, 1, 'q8_0', 512],
      [8192, 4, 'f16', 512],
      [32_768, 1, 'q8_0', 512],
      [4096, 2, 'q4_0', 256],
    ),
  },
];
