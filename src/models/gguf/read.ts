/** Reads the head of a GGUF file: what a model is and what it weighs, without loading it. */
import {mib} from '../../base/units.ts';
import {fromDisk, growingLengths, parseGrowing, type HeadSource} from '../header/source.ts';
import type {GgufHeader} from './header.ts';
import {parseHeader} from './parse.ts';

/** More than any real header by far: Qwen3's, with 151,936 tokens and their merges, is 6 MB. */
const LARGEST_HEADER = mib(96);

/**
 * Reads and checks the header, and that the file holds every tensor that it promises. Memory is bounded
 * whatever the file says. Throws `weights_damaged`, or `weights_missing` when there is no such file.
 */
export const readGgufHeader = (path: string): Promise<GgufHeader> =>
  fromDisk(path, (source) => parseGguf(source));

/** The same from wherever the bytes come; throws Damage. */
export const parseGguf = (
  source: HeadSource,
  lengths: readonly number[] = growingLengths(LARGEST_HEADER),
): Promise<GgufHeader> => parseGrowing(source, lengths, parseHeader);
