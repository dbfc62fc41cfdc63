import {describe, expect, it} from 'vitest';
import {ask, jsonOf, startEngine, weightsFolder, type Completion} from './rig.ts';

describe('KV cache types', () => {
  it.each(['f16', 'q8_0', 'q4_0'])('serves nano with %s', async (type) => {
    await using folder = await weightsFolder();
    await using engine = await startEngine(folder.nano, ['--kv-type', type, '--sequences', '2']).ready();
    await engine.line(new RegExp(`KV ${type}`));
    const answer = await jsonOf<Completion>(
      await engine.post('/v1/chat/completions', ask('hello', {max_tokens: 5})),
    );
    expect(answer.usage.completion_tokens).toBe(5);
    expect(answer.choices[0]?.message.content).toMatch(/^This is/);
  });
});
