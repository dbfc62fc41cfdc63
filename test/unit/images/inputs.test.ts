import {describe, expect, it} from 'vitest';
import {
  hashCode,
  hashInputs,
  imageTag,
  readInputFiles,
  type ImageInputs,
} from '../../../src/images/inputs.ts';
import {packageRoot, readRecipe} from '../../../src/images/recipe.ts';

const file = (path: string, text: string, executable = false) => ({
  path,
  content: Buffer.from(text),
  executable,
});
const inputs: ImageInputs = {
  name: 'berth',
  arch: 'amd64',
  base: 'sha256:1',
  files: [file('Dockerfile', 'FROM x'), file('bin/a', 'a', true)],
  packages: 'p',
};

describe('the hash of the inputs', () => {
  it('does not depend on the order of the files', () => {
    expect(hashInputs({...inputs, files: inputs.files.toReversed()})).toBe(hashInputs(inputs));
  });

  const {packages: _none, ...withoutPackages} = inputs;
  it.each<[string, ImageInputs]>([
    ['name', {...inputs, name: 'vllm'}],
    ['architecture', {...inputs, arch: 'arm64'}],
    ['base', {...inputs, base: 'sha256:2'}],
    ['packages', {...inputs, packages: 'q'}],
    ['no packages', withoutPackages],
    ['content', {...inputs, files: [file('Dockerfile', 'FROM y'), file('bin/a', 'a', true)]}],
    ['mode', {...inputs, files: [file('Dockerfile', 'FROM x'), file('bin/a', 'a')]}],
    ['path', {...inputs, files: [file('Dockerfile', 'FROM x'), file('bin/b', 'a', true)]}],
    ['a file less', {...inputs, files: inputs.files.slice(1)}],
  ])('changes with: %s', (_what, changed) => {
    expect(hashInputs(changed)).not.toBe(hashInputs(inputs));
  });

  it.each<[string, ImageInputs, boolean]>([
    ['base', {...inputs, base: 'sha256:2'}, true],
    ['packages', {...inputs, packages: 'q'}, false],
    ['content', {...inputs, files: [file('Dockerfile', 'FROM y'), file('bin/a', 'a', true)]}, false],
  ])('without the base: with another %s', (_what, changed, same) => {
    expect(hashCode(changed) === hashCode(inputs)).toBe(same);
  });

  it('makes the tag', () => {
    expect(imageTag('llama-cpp', '0123456789abcdef')).toBe('berth/llama-cpp:0123456789ab');
  });
});

describe('the files of an image', () => {
  it('are the program itself for berth', async () => {
    const root = packageRoot();
    const paths = (await readInputFiles(root, readRecipe(root, 'berth'))).map(({path}) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'Dockerfile',
        'bin/berth-program',
        'package/bin/run.js',
        'package/src/gateway/main.ts',
      ]),
    );
  });

  it('are only what the recipe names for an engine', async () => {
    const root = packageRoot();
    const files = await readInputFiles(root, readRecipe(root, 'llama-cpp'));
    expect(files.map(({path, executable}) => [path, executable])).toEqual([
      ['Dockerfile', false],
      ['bin/engine-health', true],
    ]);
  });
});
