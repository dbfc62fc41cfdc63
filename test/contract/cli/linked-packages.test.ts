import {execFile} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {expect, it} from 'vitest';
import {temporaryFolder} from '../../support/temporary.ts';

const ROOT = join(import.meta.dirname, '../../..');
const exec = promisify(execFile);

it('packages of another checkout, linked here, are never replaced: npm would empty them there', async () => {
  await using folder = await temporaryFolder();
  const theirs = join(folder.path, 'theirs/node_modules');
  const ours = join(folder.path, 'ours');
  mkdirSync(join(theirs, 'kept'), {recursive: true});
  writeFileSync(join(theirs, '.package-lock.json'), JSON.stringify({packages: {}}));
  for (const name of ['scripts', 'package.json', 'package-lock.json'])
    cpSync(join(ROOT, name), join(ours, name), {recursive: true});
  symlinkSync(theirs, join(ours, 'node_modules'));
  const packing = exec(process.execPath, ['scripts/prepack.js'], {cwd: ours});
  await expect(packing).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('node_modules is a link to the packages of another checkout') as string,
  });
  expect(existsSync(join(theirs, 'kept'))).toBe(true);
});
