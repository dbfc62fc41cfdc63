/** Reads the head of a GGUF file: what a model is and what it weighs, without loading it. */
import {open} from 'node:fs/promises';
import {BerthError, ExitCode, systemCode} from '../../base/errors.ts';
import {mib} from '../../base/units.ts';
import type {Say} from '../../base/texts/index.ts';
import type {GgufHeader} from './header.ts';
import {Damage, OutOfBytes, parseHeader} from './parse.ts';

/** More than any real header by far: Qwen3's, with 151,936 tokens and their merges, is 6 MB. */
const LARGEST_HEADER = mib(96);

/**
 * Reads and checks the header, and that the file holds every tensor that it promises. Memory is bounded
 * whatever the file says. Throws `weights_damaged`, or `weights_missing` when there is no such file.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  try {
    await using file = await open(path, 'r');
    const {size} = await file.stat();
    for (let length = 2 ** 20; ; length *= 4) {
      const known = Math.min(length, size, LARGEST_HEADER);
      const head = Buffer.alloc(known);
      const {bytesRead} = await file.read(head, 0, known, 0);
      try {
        return parseHeader(head.subarray(0, bytesRead), size);
      } catch (error) {
        if (!(error instanceof OutOfBytes)) throw error;
        if (known >= size || bytesRead < known) throw new Damage((t) => t.models.damageTruncated());
        if (known >= LARGEST_HEADER) throw new Damage((t) => t.models.damageHeaderTooLong());
      }
    }
  } catch (error) {
    if (error instanceof Damage) throw weightsDamaged(path, error.why);
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'EISDIR') throw weightsMissing(path);
    throw code === 'EACCES' ? weightsUnreadable(path, error) : error;
  }
}

export const weightsDamaged = (path: string, why: Say): BerthError =>
  new BerthError({
    code: 'weights_damaged',
    what: (t) => t.models.weightsDamaged({path}),
    why,
    try: ['berth models verify', `rm ${path}`],
    details: {path},
  });

export const weightsUnreadable = (path: string, cause: unknown): BerthError =>
  new BerthError({
    code: 'weights_unreadable',
    what: (t) => t.models.weightsUnreadable({path}),
    try: [`ls -l ${path}`],
    details: {path},
    cause,
  });

export const weightsMissing = (path: string): BerthError =>
  new BerthError({
    code: 'weights_missing',
    what: (t) => t.models.weightsMissing({path}),
    try: ['berth models'],
    exit: ExitCode.usage,
    details: {path},
  });
