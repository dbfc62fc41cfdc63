import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {ELSEWHERE, PAGE, renderPage} from '../../faults/remote/record.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('the page of faults', () => {
  it('is what the last recorded run of the fault tests saw', async () => {
    if (process.env.BERTH_UPDATE_FAULTS === '1') await writeFile(PAGE, await renderPage());
    expect(await readFile(PAGE, 'utf8')).toBe(await renderPage());
  });

  it.each(ELSEWHERE)('names a test that exists for: %s', async (_fault, file, title) => {
    expect(await readFile(join(ROOT, file), 'utf8')).toContain(title);
  });
});
