import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {expect} from 'vitest';
import {systemCode} from '../../src/base/errors.ts';

const FOLDER = join(import.meta.dirname, '../contract');

/**
 * Compares a promise to programs with the file that records it. A change of the file is a change of the
 * contract, and shows in review. `BERTH_UPDATE_CONTRACT=1 npm test` writes the files anew.
 */
export async function expectContract(name: string, value: unknown): Promise<void> {
  const path = join(FOLDER, name);
  const now = JSON.stringify(value, undefined, 2);
  if (process.env.BERTH_UPDATE_CONTRACT === '1') {
    await mkdir(dirname(path), {recursive: true});
    await writeFile(path, `${now}\n`);
  }
  const recorded = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  expect(JSON.parse(now), `${name} (BERTH_UPDATE_CONTRACT=1 writes it)`).toEqual(
    recorded === undefined ? undefined : JSON.parse(recorded),
  );
}
