import {mkdir, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {format, resolveConfig} from 'prettier';

/** Writes a page of docs/ as `npm run check` wants files to be. */
export async function writePage(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), {recursive: true});
  await writeFile(path, await format(content, {...(await resolveConfig(path)), filepath: path}));
}
