import type {Clock} from '../../base/clock.ts';
import {silent, type Progress} from '../../base/progress.ts';
import type {Texts} from '../../base/texts/index.ts';
import {liveProgress} from './live.ts';
import {ndjsonProgress} from './ndjson.ts';
import {plainProgress} from './plain.ts';

export interface Telling {
  progress: Progress;
  /** Must be called before anything else is written to the same terminal. */
  end(): void;
}

/** How long work is told on stderr: results alone go to stdout. */
export function chooseTelling(
  options: {json: boolean; quiet: boolean},
  stderr: NodeJS.WriteStream,
  t: Texts,
  clock: Clock,
): Telling {
  const write = (text: string): void => void stderr.write(text);
  const nothing = (): void => undefined;
  if (options.quiet) return {progress: silent, end: nothing};
  if (options.json) return {progress: ndjsonProgress(write), end: nothing};
  if (stderr.isTTY && process.env.TERM !== 'dumb' && !process.env.CI) {
    return liveProgress(t, clock, {
      write,
      get columns() {
        return stderr.columns;
      },
      get rows() {
        return stderr.rows;
      },
    });
  }
  return {progress: plainProgress(t, clock, write), end: nothing};
}
