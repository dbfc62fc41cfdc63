import {open} from 'node:fs/promises';
import {systemCode} from '../../../../base/errors.ts';

const CHUNK = 64 * 1024;

/** The last `count` whole lines of a file, oldest first, read from its end; none when there is no file. */
export async function readLogTail(path: string, count: number): Promise<string[]> {
  if (count <= 0) return [];
  try {
    await using file = await open(path, 'r');
    let {size: position} = await file.stat();
    let tail = Buffer.alloc(0);
    // One line break more than lines, because the first line found may be half of one.
    while (position > 0 && countBreaks(tail) <= count) {
      const length = Math.min(CHUNK, position);
      position -= length;
      const chunk = Buffer.alloc(length);
      await file.read(chunk, 0, length, position);
      tail = Buffer.concat([chunk, tail]);
    }
    const lines = tail.toString('utf8').split('\n');
    // What follows the last line break is empty, or a line that is just being written.
    lines.pop();
    return lines.slice(-count);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function countBreaks(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) count++;
  return count;
}
