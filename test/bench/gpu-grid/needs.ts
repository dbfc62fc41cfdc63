/** What the measurement needs of a machine, and what of it is not there. Pure. */
import {textsFor} from '../../../src/base/texts/index.ts';
import {formatBytes, type Bytes} from '../../../src/base/units.ts';
import type {CardFault} from '../../../src/card/index.ts';
import {CARD_BYTES, DISK_BYTES} from './grid.ts';

export interface Found {
  platform: string;
  /** Why there is no card, or what is free on it. */
  card: {fault: CardFault | undefined} | {freeBytes: Bytes};
  /** Whether the build of node-llama-cpp for CUDA is installed. */
  cudaBuild: boolean;
  folder: string;
  diskFreeBytes: Bytes;
}

/** The package that holds node-llama-cpp's build for CUDA on this kind of machine. */
export const CUDA_PACKAGE = '@node-llama-cpp/linux-x64-cuda';

export const NEEDS =
  `This measurement needs an NVIDIA card with ${formatBytes(CARD_BYTES)} free, its driver and nvidia-smi, ` +
  `linux-x64 with ${CUDA_PACKAGE} installed, and ${formatBytes(DISK_BYTES)} of disk for one file at a time.`;

/** One sentence a lack; nothing when it can begin. */
export function lacksOf({platform, card, cudaBuild, folder, diskFreeBytes}: Found): string[] {
  const t = textsFor('en');
  const lacks: string[] = [];
  if (platform !== 'linux-x64') lacks.push(`This is ${platform}.`);
  if ('fault' in card) {
    lacks.push(card.fault ? `${card.fault.what(t)} ${card.fault.why(t)}` : 'There is no NVIDIA card.');
  } else if (card.freeBytes < CARD_BYTES) {
    lacks.push(`${formatBytes(card.freeBytes)} of the card are free.`);
  }
  if (!cudaBuild) lacks.push(`${CUDA_PACKAGE} is not installed: npm ci --include=optional`);
  if (diskFreeBytes < DISK_BYTES) lacks.push(`${formatBytes(diskFreeBytes)} are free in ${folder}.`);
  return lacks;
}
