import {createHash} from 'node:crypto';
import {dirname} from 'node:path';
import {writeAtomically} from '../../base/files.ts';
import {bytes} from '../../base/units.ts';
import type {Weights} from '../model.ts';
import {buildNano, NANO_SHA256} from '../nano/nano.ts';
import {namingTheDisk} from './disk.ts';

/** Writes nano's file in one step. Throws `folder_not_writable` or `disk_full`. */
export async function saveNano(path: string): Promise<Weights> {
  const content = buildNano();
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (sha256 !== NANO_SHA256) throw new Error(`nano was built with SHA-256 ${sha256}`);
  await namingTheDisk(dirname(path), () => writeAtomically(path, content, 0o644));
  return {path, totalBytes: bytes(content.length), sha256};
}
