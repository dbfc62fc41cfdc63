import {execFile} from 'node:child_process';
import {cpSync, existsSync, readdirSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {temporaryFolder} from '../../support/temporary.ts';

const ROOT = join(import.meta.dirname, '../../..');
const exec = promisify(execFile);

describe('the published package', () => {
  it('is built, installed and runs, with help and nothing of the checkout', {timeout: 240_000}, async () => {
    await using folder = await temporaryFolder();
    const {path} = folder;
    // Packing builds and cleans up; a copy keeps that out of the checkout that others work in.
    const copy = join(path, 'copy');
    for (const name of [
      'bin',
      'images',
      'scripts',
      'src',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ]) {
      cpSync(join(ROOT, name), join(copy, name), {recursive: true});
    }
    // Where these are not the packages that package-lock.json names, packing fails and leaves them alone.
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    // npm as the machine has it set up (its registry, its cache); berth as a stranger runs it.
    const env = {PATH: process.env.PATH, HOME: path, LANG: 'C'};
    const {stdout: packed} = await exec(
      'npm',
      ['pack', '--json', '--loglevel=error', '--pack-destination', path],
      {
        cwd: copy,
      },
    );
    expect(existsSync(join(copy, 'dist'))).toBe(false);
    const files = fileNames(packed);
    expect(files).toContain('bin/run.js');
    expect(files).toContain('dist/cli/main.js');
    expect(files).toEqual(expect.arrayContaining(['images/berth/Dockerfile', 'dist/package-lock.json']));
    expect(files.filter((file) => /^(src|test|scripts)\/|\.ts$|dev\.js$/.test(file))).toEqual([]);

    const tarball = readdirSync(path).find((name) => name.endsWith('.tgz')) ?? '';
    const target = join(path, 'installed');
    const install = [
      'install',
      '--prefer-offline',
      '--ignore-scripts',
      '--omit=optional',
      '--no-audit',
      '--no-fund',
    ];
    await exec('npm', [...install, '--prefix', target, join(path, tarball)], {cwd: path});
    const berth = (...argv: string[]): Promise<{stdout: string; stderr: string}> =>
      exec(process.execPath, [join(target, 'node_modules/.bin/berth'), ...argv], {cwd: path, env});
    expect((await berth('--version')).stdout).toMatch(/^berth \d+\.\d+\.\d+\n$/);
    const help = await berth('--help', '--lang', 'zh-CN');
    expect(help.stderr).toBe('');
    expect(help.stdout).toContain('与已部署的模型对话');
    expect(JSON.parse((await berth('config', 'check', '--json')).stdout)).toMatchObject({
      schema: 'berth.config/1',
    });
  });
});

/** `npm pack --json` prints a list, or since npm 12 an object by package name. */
function fileNames(output: string): string[] {
  const parsed = JSON.parse(output) as
    {files: {path: string}[]}[] | Record<string, {files: {path: string}[]}>;
  return Object.values(parsed).flatMap(({files}) => files.map(({path}) => path));
}
