/** What is measured on a card: all of Qwen3-4B's real shape, constructed weights, at many settings. */
import {gib} from '../../../src/base/units.ts';
import {KNOWN_SHAPES, NANO_SHAPE, type SyntheticShape} from '../../../src/models/index.ts';
import type {MemorySettings} from '../../support/engine-peak.ts';
import type {GridModel} from '../memory/grid.ts';

/** What the largest setting takes, with room for what it may be off by. */
export const CARD_BYTES = gib(16);
/** The larger of the two files. */
export const DISK_BYTES = gib(6);

const {layers, hidden, feedForward, heads, kvHeads, keyLength, vocabulary, maxContextTokens} =
  KNOWN_SHAPES['qwen3-4b-instruct-2507'];
const qwen = (name: string, type: SyntheticShape['type']): SyntheticShape => ({
  ...NANO_SHAPE,
  ...{name, type, layers, hidden, feedForward, heads, kvHeads, headSize: keyLength},
  ...{vocabulary, contextTokens: maxContextTokens},
});

const SETTINGS = (
  [
    [4096, 1, 'f16', 512],
    [4096, 1, 'q8_0', 1024],
    [4096, 4, 'f16', 512],
    [8192, 1, 'f16', 256],
    [8192, 1, 'f16', 512],
    [8192, 2, 'q4_0', 512],
    [8192, 4, 'q8_0', 512],
    [16_384, 1, 'f16', 512],
    [16_384, 2, 'q4_0', 1024],
    [16_384, 4, 'q8_0', 512],
    [32_768, 1, 'f16', 512],
    [32_768, 1, 'q8_0', 512],
    [32_768, 2, 'q8_0', 512],
    [65_536, 1, 'f16', 512],
  ] as const
).map(([contextTokens, sequences, kvType, batchTokens]): MemorySettings => ({
  ...{contextTokens, sequences, kvType, batchTokens},
}));

export const GPU_GRID: readonly GridModel[] = [
  {name: 'Qwen3-4B Q4_K_M-like', shape: qwen('qwen3-4b-q4k', 'Q4_K'), settings: SETTINGS},
  {name: 'Qwen3-4B Q8_0', shape: qwen('qwen3-4b-q8', 'Q8_0'), settings: SETTINGS},
];
