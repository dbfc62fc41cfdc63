import {expect, test} from 'vitest';
import {allModels, CATALOGUE, DEFAULT_MODEL, findModel, ownModels} from '../../../src/models/index.ts';

test('the default is the model of the promise, Q4_K_M first, and pinned on two hubs', () => {
  const model = findModel(DEFAULT_MODEL);
  expect(CATALOGUE[0]).toBe(model);
  expect(model.variants[0]).toMatchObject({
    name: 'Q4_K_M',
    format: 'gguf',
    file: {
      totalBytes: 2_497_281_120,
      files: [{sha256: '3605803b982cb64aead44f6c1b2ae36e3acdb41d8e46c8a94c6533bc4c67e597'}],
      places: [
        {hub: 'huggingface', revision: 'a06e946bb6b655725eafa393f4a9745d460374c9'},
        {hub: 'modelscope', revision: '0b0406b39725d752255ffeb48f102c66f98e14aa'},
      ],
    },
  });
});

test('every entry is whole: ids that can be typed, hashes that can be, sizes that add up, and a smaller way out', () => {
  const ids = CATALOGUE.map(({id}) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const {id, variants, smaller, quality} of CATALOGUE) {
    expect(id).toMatch(/^[a-z0-9][a-z0-9.-]*$/);
    if (smaller !== undefined) expect(ids).toContain(smaller);
    for (const {source} of quality) expect(source).not.toBe('');
    for (const {file, format} of variants) {
      if (file.from !== 'hub') continue;
      expect(file.places.length).toBeGreaterThan(0);
      if (format === 'gguf') expect(file.files).toHaveLength(1);
      for (const {sha256 = 'a'.repeat(64), path} of file.files ?? []) {
        expect(sha256, path).toMatch(/^[0-9a-f]{64}$/);
      }
      const sizes = file.files?.map(({totalBytes = 0}) => totalBytes) ?? [];
      if (sizes.length > 0) expect(sizes.reduce((a, b) => a + b)).toBe(file.totalBytes);
    }
  }
});

test('Qwen3-4B in bf16 is the eleven files that vLLM needs of the thirteen', () => {
  const bf16 = findModel(DEFAULT_MODEL).variants.find(({name}) => name === 'bf16');
  // The whole repository, as published, less README.md and .gitattributes.
  expect(bf16?.file).toMatchObject({totalBytes: 8_060_917_568 - 8168 - 1570});
});

test('what the user describes is a model too, and wins over the catalogue', () => {
  const own = ownModels({
    mine: {
      huggingface: 'me/Mine-GGUF@abc',
      modelscope: 'me/Mine-GGUF',
      file: 'sub/Mine-IQ4_XS.gguf',
      context: 4096,
    },
    tuned: {path: '/models/tuned'},
    nano: {huggingface: 'me/nano'},
  });
  expect(findModel('mine', own)).toMatchObject({
    maxContextTokens: 4096,
    variants: [
      {
        name: 'IQ4_XS',
        format: 'gguf',
        file: {
          files: [{path: 'sub/Mine-IQ4_XS.gguf'}],
          places: [
            {hub: 'huggingface', repository: 'me/Mine-GGUF', revision: 'abc'},
            {hub: 'modelscope', repository: 'me/Mine-GGUF', revision: 'master'},
          ],
        },
      },
    ],
  });
  expect(findModel('tuned', own).variants[0]).toMatchObject({format: 'safetensors', file: {from: 'path'}});
  expect(findModel('NANO', own)).toMatchObject({standIn: false, variants: [{name: 'repository'}]});
  expect(allModels(own).filter(({id}) => id === 'nano')).toHaveLength(1);
});

test('only nano is a stand-in', () => {
  expect(CATALOGUE.filter(({standIn}) => standIn).map(({id}) => id)).toEqual(['nano']);
});

test('a path is a model of its own', () => {
  expect(findModel('/models/My-7B.Q4_0.gguf')).toMatchObject({
    id: 'My-7B.Q4_0',
    variants: [{file: {from: 'path', path: '/models/My-7B.Q4_0.gguf'}}],
  });
  expect(findModel('./here.gguf').variants[0]?.file).toEqual({
    from: 'path',
    path: `${process.cwd()}/here.gguf`,
  });
});

test('an unknown name says which are near', () => {
  const ask = (name: string): unknown => {
    try {
      return findModel(name);
    } catch (error) {
      return error;
    }
  };
  expect(ask('naon')).toMatchObject({
    code: 'unknown_model',
    exit: 2,
    try: ['berth deploy --model nano', 'berth models'],
  });
  expect(ask('qwen3-4b-instrukt')).toMatchObject({
    try: [`berth deploy --model ${DEFAULT_MODEL}`, 'berth models'],
  });
  expect(ask('gpt-17')).toMatchObject({details: {known: CATALOGUE.map(({id}) => id)}});
});

test('a short name stands for the whole one, unless a model of the user bears it', () => {
  expect(findModel('qwen3-4b').id).toBe(DEFAULT_MODEL);
  expect(findModel('Llama3-8B').id).toBe('llama-3-8b-instruct');
  const [own] = ownModels({'qwen3-4b': {path: '/models/mine.gguf'}});
  expect(findModel('qwen3-4b', own ? [own] : []).id).toBe('qwen3-4b');
});
