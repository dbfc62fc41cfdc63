import {inspect} from 'node:util';
import {describe, expect, it} from 'vitest';
import {BerthError, describeError, firstError} from '../../../src/base/errors.ts';
import {Secret} from '../../../src/base/secret.ts';
import {chooseLanguage, textsFor} from '../../../src/base/texts/index.ts';

describe('BerthError', () => {
  const error = new BerthError({
    code: 'deadline_passed',
    what: (t) => t.base.deadlinePassed({what: 'x', deadline: '3 s'}),
    try: ['berth logs'],
  });

  it('is English as JSON and in its message', () => {
    expect(error.message).toBe('Waited 3 s for x, and it did not come.');
    expect(error.toJSON()).toMatchObject({error: {code: 'deadline_passed', try: ['berth logs'], exit: 1}});
  });

  it('can be said in Chinese', () => {
    expect(error.what(textsFor('zh-CN'))).toContain('已等待 3 s');
  });
});

describe('describeError', () => {
  it('tells the causes behind an error', () => {
    expect(describeError(new Error('a', {cause: new Error('b')}))).toBe('a: b');
  });
});

describe('Secret', () => {
  it('shows itself nowhere', () => {
    const secret = new Secret('sk-123');
    for (const shown of [
      String(secret),
      JSON.stringify({secret}),
      inspect(secret),
      inspect({deep: [secret]}),
    ]) {
      expect(shown).not.toContain('sk-123');
    }
    expect(secret.reveal()).toBe('sk-123');
  });
});

describe('chooseLanguage', () => {
  it.each([
    [undefined, {LANG: 'zh_CN.UTF-8'}, 'zh-CN'],
    ['en', {LANG: 'zh_CN.UTF-8'}, 'en'],
    [undefined, {LC_ALL: 'C', LANG: 'zh_CN.UTF-8'}, 'en'],
    ['zh', {}, 'zh-CN'],
    [undefined, {}, 'en'],
  ])('flag %s and %o give %s', (flag, env, language) => {
    expect(chooseLanguage(flag, env)).toBe(language);
  });
});

describe('firstError', () => {
  it('is what a scope was left for, however much failed when it was tidied up', async () => {
    const failing = (message: string): AsyncDisposable => ({
      [Symbol.asyncDispose]: () => Promise.reject(new Error(message)),
    });
    const first = new Error('the connection is lost');
    const work = async (): Promise<void> => {
      await using _outer = failing('the lock cannot be given back');
      await using _inner = failing('the transition cannot be closed');
      throw first;
    };
    const thrown: unknown = await work().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(SuppressedError);
    expect(firstError(thrown)).toBe(first);
    expect(firstError(first)).toBe(first);
  });
});
