import {expect, it} from 'vitest';
import {gib} from '../../../src/base/units.ts';
import {estimatorFor, llamaCppPlace} from '../../../src/deploy/estimator.ts';
import {KNOWN_SHAPES} from '../../../src/models/index.ts';

const shape = KNOWN_SHAPES['qwen3-4b-instruct-2507'];
const storedBytes = shape.parameters * 2;

it('plans vLLM from the shape and the stored bytes', () => {
  const estimator = estimatorFor('vllm', 'gpu', {shape, storedBytes});
  expect(estimator.trainedTokens).toBe(262_144);
  const settings = {contextTokens: 4096, sequences: 2, batchTokens: 512, queue: 64};
  const terms = (kvType: 'f16' | 'q8_0') =>
    Object.fromEntries(
      estimator.estimate({...settings, kvType}).terms.map((term) => [term.name, term.totalBytes]),
    );
  expect((terms('f16').weights ?? 0) / gib(1)).toBeCloseTo(7.56, 2);
  // The pool that the launch gives vLLM as a number: whole blocks of 16, and one more.
  expect(terms('f16')['kv-cache']).toBe(147_456 * (2 * 4096 + 16));
  expect(terms('q8_0')['kv-cache']).toBe((147_456 / 2) * (2 * 4096 + 16));
});

it('knows where each engine has the model', () => {
  expect(llamaCppPlace('embedded', 'gpu')).toBe('embedded-cpu');
  expect(llamaCppPlace('embedded', 'cpu')).toBe('embedded-cpu');
  expect(llamaCppPlace('llama-cpp', 'gpu')).toBe('cuda');
  expect(llamaCppPlace('llama-cpp', 'cpu')).toBe('server-cpu');
});
