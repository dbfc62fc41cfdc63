import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import {CUDA_LINES, IMAGE_NAMES, packageRoot, readRecipe, recipeBase} from '../../../src/images/recipe.ts';
import {atMirror, formatReference, parseReference} from '../../../src/images/reference.ts';

const root = packageRoot();

describe('the recipes of images/', () => {
  it.each(IMAGE_NAMES)('%s pins its bases by digest', (name) => {
    const recipe = readRecipe(root, name);
    expect(recipe.name).toBe(name);
    for (const base of Object.values(recipe.bases))
      expect(base).toMatch(/^[\w.-]+\/.+:.+@sha256:[0-9a-f]{64}$/);
  });

  it('has a base for each line of CUDA, and 12 unless told', () => {
    const recipe = readRecipe(root, 'vllm');
    expect(new Set(CUDA_LINES.map((cuda) => recipeBase(recipe, cuda))).size).toBe(CUDA_LINES.length);
    expect(recipeBase(recipe, undefined)).toBe(recipeBase(recipe, '12'));
  });

  it('refuses a line of CUDA for an image without', () => {
    const recipe = readRecipe(root, 'berth');
    expect(recipeBase(recipe, undefined)).toContain('debian');
    expect(() => recipeBase(recipe, '13')).toThrow(BerthError);
  });

  it('puts the Node inside that everything is tested with', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, {version: string}>;
    };
    expect(readRecipe(root, 'berth').node?.version).toBe(lock.packages['node_modules/node']?.version);
  });
});

describe('a reference', () => {
  it.each([
    ['debian', 'docker.io/library/debian'],
    ['debian:trixie-slim', 'docker.io/library/debian:trixie-slim'],
    ['vllm/vllm-openai:v1@sha256:ab', 'docker.io/vllm/vllm-openai:v1@sha256:ab'],
    ['localhost:5000/a/b:c', 'localhost:5000/a/b:c'],
    ['ghcr.io/ggml-org/llama.cpp@sha256:ab', 'ghcr.io/ggml-org/llama.cpp@sha256:ab'],
  ])('%s is %s', (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
  });

  it.each([
    ['debian:x', 'docker.m.daocloud.io', 'docker.m.daocloud.io/library/debian:x'],
    ['ghcr.io/a/b@sha256:ab', 'docker.m.daocloud.io', 'ghcr.m.daocloud.io/a/b@sha256:ab'],
    ['debian:x', 'm.daocloud.io', 'm.daocloud.io/docker.io/library/debian:x'],
    ['ghcr.io/a/b:c', 'registry.lan:5000/proxy/', 'registry.lan:5000/proxy/ghcr.io/a/b:c'],
    ['quay.io/a/b:c', 'docker.m.daocloud.io', 'docker.m.daocloud.io/quay.io/a/b:c'],
  ])('%s at %s is %s', (text, prefix, full) => {
    expect(formatReference(atMirror(parseReference(text), prefix))).toBe(full);
  });
});
