import {execFile} from 'node:child_process';
import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {ADDRESSED} from '../../../src/cli/address.ts';
import {expectContract} from '../../support/contract-file.ts';
import type {CommandDescription} from '../../support/describe-commands.ts';

const CHINESE = /[\u4e00-\u9fff]/;
const SCHEMAS = join(import.meta.dirname, '../schemas');
const updating = process.env.BERTH_UPDATE_CONTRACT === '1';

async function commandsIn(language: string): Promise<CommandDescription[]> {
  const program = join(import.meta.dirname, '../../support/describe-commands.ts');
  const env = {PATH: process.env.PATH, BERTH_LANG: language};
  const {stdout} = await promisify(execFile)(process.execPath, [program], {env, maxBuffer: 64 * 1024 * 1024});
  return JSON.parse(stdout) as CommandDescription[];
}

const [english, chinese] = await Promise.all([commandsIn('en'), commandsIn('zh-CN')]);
const schemaFile = (id: string): string => `${id.replaceAll(' ', '-')}.json`;

describe('the command line is an API', () => {
  it('has the commands, arguments and flags that are recorded', async () => {
    const list = english.map(({id, args, flags}) => ({
      id,
      args: args.map(({description: _text, ...arg}) => arg),
      flags: flags.map(({summary: _text, ...flag}) => flag),
    }));
    await expectContract('cli/commands.json', list);
  });

  it('can name every deployment and host that a next command is about', () => {
    const naming = english
      .filter(({flags}) => flags.some(({name}) => name === 'host'))
      .map(({id, flags}) => [
        id,
        ['host', 'name', 'config'].filter((flag) => flags.some(({name}) => name === flag)),
      ]);
    expect(ADDRESSED).toEqual(Object.fromEntries(naming));
  });

  it.each(english)('$id --json keeps to its recorded schema', async ({id, schema}) => {
    expect(schema).toBeDefined();
    await expectContract(`schemas/${schemaFile(id)}`, schema);
  });

  it('records no schema of a command that is gone', async () => {
    const known = english.map(({id}) => schemaFile(id));
    const gone = (await readdir(SCHEMAS)).filter((name) => !known.includes(name));
    if (updating) await Promise.all(gone.map((name) => rm(join(SCHEMAS, name))));
    else expect(gone).toEqual([]);
  });
});

describe.each(english)('help of $id', (command) => {
  const other = chinese.find(({id}) => id === command.id);

  it('has a summary and examples', () => {
    expect(command.summary).toMatch(/^[A-Z].{5,}$/);
    expect(command.examples).not.toEqual([]);
    expect(command.args.filter(({description}) => !description)).toEqual([]);
  });

  it('explains every flag, and every flag has its variable', () => {
    for (const {name, env, summary} of command.flags) {
      expect(summary, `--${name}`).toMatch(/\w{2,}/);
      expect(env, `--${name}`).toBe(`BERTH_${name.replaceAll('-', '_').toUpperCase()}`);
    }
  });

  it('gives examples that use only flags that exist', () => {
    const words = command.examples.flatMap((example) =>
      example.command
        .replaceAll(/"[^"]*"/g, '')
        // What stands after it is another program's.
        .replace(/ -- .*/, '')
        .split(/\s+/),
    );
    const used = words
      .filter((word) => word.startsWith('--'))
      .map((word) => word.slice(2).split('=')[0] ?? '');
    const known = command.flags.map(({name}) => name);
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
    for (const example of command.examples)
      expect(example.command).toContain(`<%= config.bin %> ${command.id}`);
  });

  it('is all there in Chinese', () => {
    const texts = [
      other?.summary,
      ...(command.description === undefined ? [] : [other?.description]),
      ...(other?.examples.map(({description}) => description) ?? []),
      ...(other?.flags.map(({summary}) => summary) ?? []),
      ...(other?.args.map(({description}) => description) ?? []),
    ];
    expect(texts.filter((text) => !CHINESE.test(text ?? ''))).toEqual([]);
  });
});
