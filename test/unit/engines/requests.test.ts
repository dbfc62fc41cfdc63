import {describe, expect, it} from 'vitest';
import {parseChat, parseCompletion, parseTokenize} from '../../../src/engines/embedded/api/requests.ts';

const hello = {messages: [{role: 'user', content: 'hi'}]};

describe('parseChat', () => {
  it('completes what is missing as OpenAI does', () => {
    expect(parseChat(hello)).toEqual({
      messages: [{role: 'user', content: 'hi'}],
      sampling: {temperature: 1, topP: 1, topK: 0, minP: 0},
      stop: [],
      ignoreEos: false,
      stream: false,
      includeUsage: false,
    });
  });

  it('reads every parameter', () => {
    const wish = parseChat({
      ...hello,
      model: 'nano',
      temperature: 0.5,
      top_p: 0.9,
      top_k: 20,
      min_p: 0.1,
      seed: -1,
      stop: ['a', 'b', 'c', 'd', 'e'],
      max_tokens: 3,
      max_completion_tokens: 5,
      ignore_eos: true,
      stream: true,
      stream_options: {include_usage: true},
    });
    expect(wish).toMatchObject({
      model: 'nano',
      sampling: {temperature: 0.5, topP: 0.9, topK: 20, minP: 0.1, seed: 2 ** 32 - 1},
      stop: ['a', 'b', 'c', 'd', 'e'],
      maxTokens: 5,
      ignoreEos: true,
      stream: true,
      includeUsage: true,
    });
  });

  it('takes content as text parts, developer as system, null as absent and unknown fields as nothing', () => {
    const wish = parseChat({
      messages: [
        {
          role: 'developer',
          content: [
            {type: 'text', text: 'a'},
            {type: 'text', text: 'b'},
          ],
        },
        {role: 'assistant', content: null},
      ],
      stop: null,
      seed: null,
      n: 1,
      logprobs: false,
      tools: [],
      frequency_penalty: 0,
      something_new: {deep: true},
    });
    expect(wish.messages).toEqual([
      {role: 'system', content: 'ab'},
      {role: 'assistant', content: ''},
    ]);
  });

  it.each([
    ['n', {...hello, n: 2}],
    ['logprobs', {...hello, logprobs: true}],
    ['top_logprobs', {...hello, top_logprobs: 3}],
    ['tools', {...hello, tools: [{type: 'function'}]}],
    ['response_format', {...hello, response_format: {type: 'json_object'}}],
    ['response_format', {...hello, response_format: 'text'}],
    ['presence_penalty', {...hello, presence_penalty: 1}],
    ['temperature', {...hello, temperature: 3}],
    ['temperature', {...hello, temperature: '1'}],
    ['top_p', {...hello, top_p: 1.1}],
    ['max_tokens', {...hello, max_tokens: 0}],
    ['max_tokens', {...hello, max_tokens: 1.5}],
    ['seed', {...hello, seed: 1.5}],
    ['stop', {...hello, stop: ''}],
    ['stream_options', {...hello, stream_options: {include_usage: true}}],
    ['messages', {}],
    ['messages', {messages: []}],
    ['messages.0.role', {messages: [{role: 'wizard', content: 'hi'}]}],
    ['messages.0.content', {messages: [{role: 'user'}]}],
    [
      'messages.0.content',
      {messages: [{role: 'user', content: [{type: 'image_url', image_url: {url: 'x'}}]}]},
    ],
  ])('answers 400 and names %s', (param, body) => {
    expect(() => parseChat(body)).toThrow(expect.objectContaining({status: 400, param}));
  });

  it.each([[null], [[]], ['text'], [7]])('answers 400 to a body that is no object: %j', (body) => {
    expect(() => parseChat(body)).toThrow(expect.objectContaining({status: 400, param: null}));
  });
});

describe('parseCompletion', () => {
  it.each([
    ['hi', 'hi'],
    [['hi'], 'hi'],
    [
      [1, 2],
      [1, 2],
    ],
    [[[1, 2]], [1, 2]],
  ])('takes the prompt %j', (prompt, expected) => {
    expect(parseCompletion({prompt}).prompt).toEqual(expected);
  });

  it.each([[''], [[]], [['a', 'b']], [[-1]], [[1.5]], [7], [undefined]])(
    'refuses the prompt %j',
    (prompt) => {
      expect(() => parseCompletion({prompt})).toThrow(
        expect.objectContaining({status: 400, param: expect.stringMatching(/^prompt/) as string}),
      );
    },
  );
});

describe('parseTokenize', () => {
  it('takes the text under either name', () => {
    expect(parseTokenize({content: 'a'})).toEqual({text: 'a', addSpecial: false});
    expect(parseTokenize({prompt: 'b', add_special: true})).toEqual({text: 'b', addSpecial: true});
    expect(() => parseTokenize({})).toThrow(expect.objectContaining({param: 'content'}));
  });
});
