import {readFile, truncate} from 'node:fs/promises';
import {createHash} from 'node:crypto';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {NANO_SHA256} from '../../../src/models/index.ts';
import {openBerth, type Berth} from '../../support/berth.ts';

let berth: Berth;
beforeEach(async () => {
  // Nobody listens on port 9: no test may reach a real hub.
  berth = await openBerth({HF_ENDPOINT: 'http://127.0.0.1:9', MODELSCOPE_ENDPOINT: 'http://127.0.0.1:9'});
});
afterEach(() => berth[Symbol.asyncDispose]());

test('models: what there is, in both languages and as JSON', async () => {
  const english = await berth.run('models');
  expect(english.code).toBe(0);
  expect(english.stdout).toMatch(
    /^MODEL .*LICENCE\nqwen3-4b-instruct-2507 +Q4_K_M +2\.3 GiB +no +Apache-2\.0\n[^]*\nnano /,
  );
  expect((await berth.run('models', 'ls')).stdout).toBe(english.stdout);
  expect((await berth.run('models', '--lang', 'zh-CN')).stdout).toMatch(/^模型 .*许可证\n/);
  expect((await berth.json('models')).value).toMatchObject({
    schema: 'berth.models/1',
    models: [
      {id: 'qwen3-4b-instruct-2507', standIn: false},
      {id: 'llama-3-8b-instruct', termsUrl: 'https://huggingface.co/meta-llama/Meta-Llama-3-8B-Instruct'},
      {id: 'deepseek-v2-lite-chat'},
      {id: 'deepseek-v2-chat', smaller: 'deepseek-v2-lite-chat'},
      {id: 'nano', standIn: true},
    ],
  });
});

test('pull, show, verify and rm tell the truth about the disk, also when the file is damaged', async () => {
  const pulled = await berth.json('models', 'pull', 'nano');
  expect(pulled).toMatchObject({code: 0, value: {schema: 'berth.weights/1', sha256: NANO_SHA256}});
  const path = String(pulled.value.path);
  expect((await berth.run('models', 'show', 'nano')).stdout).toMatch(
    /not trained[^]*yes, verified[^]*SHA-256/,
  );
  expect((await berth.run('models', 'verify')).stdout).toBe(`ok       ${path}\n`);
  await truncate(path, 1000);
  const damaged = await berth.json('models', 'verify', 'nano');
  expect(damaged).toMatchObject({code: 1, value: {verdicts: [{model: 'nano', ok: false, path}]}});
  expect((await berth.run('models', 'pull', 'nano')).code).toBe(0);
  expect((await berth.json('models', 'rm', 'nano')).value).toMatchObject({freedBytes: 6_675_904});
  expect((await berth.run('models', 'verify')).stdout).toBe('No weights are on the disk.\n');
});

test('build nano writes the same bytes wherever it is told to', async () => {
  const built = await berth.json('models', 'build', 'nano', '--output', 'my.gguf');
  expect(built).toMatchObject({code: 0, value: {path: join(berth.home, 'my.gguf'), sha256: NANO_SHA256}});
  const content = await readFile(join(berth.home, 'my.gguf'));
  expect(createHash('sha256').update(content).digest('hex')).toBe(NANO_SHA256);
  expect((await berth.json('models', 'show', './my.gguf')).value).toMatchObject({model: {id: 'my'}});
  const nowhere = await berth.json('models', 'build', 'nano', '--output', 'no/such/folder/my.gguf');
  expect(nowhere).toMatchObject({code: 1, value: {error: {code: 'folder_not_writable'}}});
});

test('mistakes are named, with the next command to type', async () => {
  expect(await berth.json('models', 'show', 'naon')).toMatchObject({
    code: 2,
    value: {error: {code: 'unknown_model', try: ['berth deploy --model nano', 'berth models']}},
  });
  expect(await berth.json('models', 'pull', 'nano', '--variant', 'Q2')).toMatchObject({
    code: 2,
    value: {error: {code: 'unknown_variant'}},
  });
  expect(await berth.json('models', 'pull', './none.gguf')).toMatchObject({
    code: 2,
    value: {error: {code: 'weights_missing'}},
  });
  const offline = await berth.json('models', 'pull', 'qwen3-4b-instruct-2507');
  expect(offline).toMatchObject({
    code: 3,
    value: {error: {code: 'hub_unreachable', details: {hubs: [{}, {}]}}},
  });
});
