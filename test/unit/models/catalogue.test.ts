import {expect, test} from 'vitest';
import {CATALOGUE, DEFAULT_MODEL, findModel} from '../../../src/models/index.ts';

test('the default is the model of the promise, Q4_K_M first, and pinned on two hubs', () => {
  const model = findModel(DEFAULT_MODEL);
  expect(CATALOGUE[0]).toBe(model);
  expect(model.variants[0]).toMatchObject({
    name: 'Q4_K_M',
    file: {
      totalBytes: 2_497_281_120,
      places: [
        {hub: 'huggingface', revision: 'a06e946bb6b655725eafa393f4a9745d460374c9'},
        {hub: 'modelscope', revision: '0b0406b39725d752255ffeb48f102c66f98e14aa'},
      ],
    },
  });
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
  expect(ask('qwen3-4b-instruct')).toMatchObject({
    try: [`berth deploy --model ${DEFAULT_MODEL}`, 'berth models'],
  });
  expect(ask('gpt-17')).toMatchObject({details: {known: [DEFAULT_MODEL, 'nano']}});
});
