import {mib, type Bytes} from '../base/units.ts';

/** A card as its maker describes it: for plans before one is there. */
export interface KnownCard {
  /** What people type: `4090d`. */
  id: string;
  /** As nvidia-smi names it. */
  name: string;
  /** What nvidia-smi calls total. */
  totalBytes: Bytes;
  /** What the driver keeps for itself with nothing running. About 2 %; the reading of a real card replaces it. */
  reservedBytes: Bytes;
  bandwidthBytesPerSecond: number;
  /** Dense tensor operations a second with 32-bit accumulation, for 16-bit and, where the card has them, 8-bit floats. */
  flops: {bf16: number; fp8?: number};
}

const card = (
  id: string,
  name: string,
  totalMib: number,
  gigabytesPerSecond: number,
  bf16: number,
  fp8?: number,
): KnownCard => ({
  id,
  name,
  totalBytes: mib(totalMib),
  reservedBytes: mib(Math.round(totalMib * 0.02)),
  bandwidthBytesPerSecond: gigabytesPerSecond * 1e9,
  flops: {bf16: bf16 * 1e12, ...(fp8 !== undefined && {fp8: fp8 * 1e12})},
});

/** Source: NVIDIA's data sheets and architecture papers; totals as nvidia-smi prints them. */
export const KNOWN_CARDS: readonly KnownCard[] = [
  card('4090d', 'NVIDIA GeForce RTX 4090 D', 24_564, 1008, 147, 294),
  card('4090', 'NVIDIA GeForce RTX 4090', 24_564, 1008, 165, 330),
  card('3090', 'NVIDIA GeForce RTX 3090', 24_576, 936, 71),
  card('5090', 'NVIDIA GeForce RTX 5090', 32_607, 1792, 209, 419),
  card('a100-80gb', 'NVIDIA A100 80GB', 81_920, 2039, 312),
  card('h100-80gb', 'NVIDIA H100 80GB HBM3', 81_559, 3350, 989, 1979),
];

/** The card with this id, or whose name a reading gave. */
export const findCard = (named: string): KnownCard | undefined => {
  const wanted = named.toLowerCase().replaceAll(/[\s_]/g, '');
  return KNOWN_CARDS.find(({id, name}) => id === wanted || name.toLowerCase().replaceAll(' ', '') === wanted);
};
