import {rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {temporaryFolder} from '../../support/temporary.ts';

/** A wall clock for whole commands and everything that they start, which can be set while they run. */
export interface MovableClock extends AsyncDisposable {
  /** The environment that a command needs to live by it. */
  env: Record<string, string>;
  /** Sets it that many milliseconds away from the true time. */
  set(offsetMs: number): Promise<void>;
}

/** See `preload.ts`. It begins at the true time. */
export async function movableClock(): Promise<MovableClock> {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'offset');
  await writeFile(file, '0');
  return {
    env: {
      BERTH_TEST_CLOCK: file,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'preload.ts')}`,
    },
    async set(offsetMs) {
      await writeFile(`${file}.new`, String(offsetMs));
      await rename(`${file}.new`, file);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
