import {mib} from '../../base/units.ts';
import {fromDisk, growingLengths, parseGrowing, type HeadSource} from '../header/source.ts';
import type {SafetensorsHeader} from './header.ts';
import {parseSafetensors} from './parse.ts';

/** Larger than any real one by far: a shard of a few thousand tensors has a few hundred kilobytes. */
const LARGEST_HEADER = mib(96);

/**
 * Reads and checks the header, and that the file holds every tensor that it promises and nothing else.
 * Throws `weights_damaged`, or `weights_missing` when there is no such file.
 */
export const readSafetensorsHeader = (path: string): Promise<SafetensorsHeader> =>
  fromDisk(path, (source) => parseShard(source));

/** The same from wherever the bytes come; throws Damage. */
export const parseShard = (
  source: HeadSource,
  lengths: readonly number[] = growingLengths(LARGEST_HEADER),
): Promise<SafetensorsHeader> => parseGrowing(source, lengths, parseSafetensors);
