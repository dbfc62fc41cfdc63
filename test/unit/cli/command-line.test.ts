import {describe, expect, it} from 'vitest';
import {findCommand} from '../../../src/cli/commands.ts';
import {wantsHelp} from '../../../src/cli/help.ts';
import {currentLanguage} from '../../../src/cli/language.ts';

const commands = ['config:check', 'models', 'models:build', 'status'].map((id) => ({id, file: `${id}.ts`}));

describe('findCommand', () => {
  it.each([
    [['status'], 'status', []],
    [['status', '--json'], 'status', ['--json']],
    [['config', 'check', 'my.yaml'], 'config:check', ['my.yaml']],
    [['models', 'build', 'nano'], 'models:build', ['nano']],
    [['models', 'nano'], 'models', ['nano']],
    [['models', '--lang', 'build'], 'models', ['--lang', 'build']],
    [['--json', 'status'], undefined, undefined],
    [['config'], undefined, undefined],
    [[], undefined, undefined],
  ])('%j', (argv, id, rest) => {
    const found = findCommand(argv, commands);
    expect(found?.id).toBe(id);
    expect(found?.argv).toEqual(rest);
  });
});

describe('wantsHelp', () => {
  it.each([
    [[], true],
    [['--help'], true],
    [['status', '-h'], true],
    [['help', 'status'], true],
    [['chat', '--', '--help'], false],
    [['status'], false],
  ])('%j: %j', (argv, expected) => {
    expect(wantsHelp(argv)).toBe(expected);
  });
});

describe('the language of a run', () => {
  it.each([
    [['--lang', 'zh-CN'], {LANG: 'en_US.UTF-8'}, 'zh-CN'],
    [['status', '--lang=en'], {LANG: 'zh_CN.UTF-8'}, 'en'],
    [['status'], {LANG: 'zh_CN.UTF-8'}, 'zh-CN'],
    [['status'], {BERTH_LANG: 'zh-CN', LANG: 'en_US'}, 'zh-CN'],
    [['chat', '--', '--lang', 'zh-CN'], {LANG: 'C'}, 'en'],
    [['status', '--lang'], {}, 'en'],
    [['status'], {LC_ALL: '', LANG: 'zh_TW'}, 'zh-CN'],
  ])('%j with %j is %s', (argv, env, expected) => {
    expect(currentLanguage(argv, env)).toBe(expected);
  });
});
