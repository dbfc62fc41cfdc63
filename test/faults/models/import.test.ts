import {createHash} from 'node:crypto';
import {copyFile, lstat, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {bytes} from '../../../src/base/units.ts';
import {
  buildNano,
  findModel,
  openWeightsStore,
  type Model,
  type Variant,
  type WeightsStore,
} from '../../../src/models/index.ts';
import {safetensorsFile} from '../../support/safetensors.ts';

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
const nano = buildNano();
const shard = safetensorsFile({weight: {dtype: 'BF16', shape: [512, 512], bytes: 2 ** 19}});
const config = Buffer.from('{"model_type": "qwen3"}');

const places = [{hub: 'huggingface', repository: 'a/b', revision: 'main'}] as const;
const pinned = (path: string, content: Uint8Array) => ({
  path,
  totalBytes: bytes(content.length),
  sha256: sha256(content),
});
const one: Variant = {
  name: 'F16',
  format: 'gguf',
  file: {from: 'hub', files: [pinned('known.gguf', nano)], totalBytes: bytes(nano.length), places},
};
const several: Variant = {
  name: 'bf16',
  format: 'safetensors',
  file: {from: 'hub', files: [pinned('config.json', config), pinned('model.safetensors', shard)], places},
};
const model: Model = {...findModel('nano'), id: 'known', title: 'Known', variants: [one, several]};

let folder: string;
let usb: string;
let store: WeightsStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-import-'));
  usb = join(folder, 'usb');
  await mkdir(join(usb, 'models/deep'), {recursive: true});
  // Nobody listens on port 9: whatever is imported needs no network.
  const nowhere = 'http://127.0.0.1:9';
  store = openWeightsStore({
    folder: join(folder, 'store'),
    env: {HF_ENDPOINT: nowhere, MODELSCOPE_ENDPOINT: nowhere},
    clock: systemClock,
  });
});
afterEach(() => rm(folder, {recursive: true}));

const take = (from: string, link = false) => store.import(from, {models: [model], link});

test('a file is recognised by its hash, whatever it is called, copied, and verified', async () => {
  await writeFile(join(usb, 'models/deep/renamed.bin'), nano);
  await writeFile(join(usb, 'photo.jpg'), 'no model');
  const imported = await take(usb);
  const path = join(folder, 'store/known/known.gguf');
  expect(imported).toEqual([
    {model, variant: one, weights: {path, totalBytes: nano.length, sha256: sha256(nano)}},
  ]);
  expect((await lstat(path)).isFile()).toBe(true);
  expect(await store.ensure(model, one)).toMatchObject({path});
  expect(await readdir(join(folder, 'store/known'))).toEqual(['known.gguf']);
});

test('with link, the file stays where it is; removing the model removes only the link', async () => {
  const file = join(usb, 'known.gguf');
  await writeFile(file, nano);
  await take(file, true);
  const path = join(folder, 'store/known/known.gguf');
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  expect(await store.find(model, one)).toMatchObject({path});
  await store.remove(model, one);
  expect(await readFile(file)).toEqual(Buffer.from(nano));
  expect(await store.look(model, one)).toEqual({state: 'absent'});
});

test('what a link points to is watched: changed or gone, it is not given out', async () => {
  const file = join(usb, 'known.gguf');
  await writeFile(file, nano);
  await take(file, true);
  await writeFile(file, Buffer.concat([nano, Buffer.from('x')]));
  expect(await store.find(model, one)).toBeUndefined();
  await rm(file);
  expect(await store.find(model, one)).toBeUndefined();
  expect(await store.look(model, one)).toEqual({state: 'absent'});
});

test('a model of several files is taken when all of them are there', async () => {
  await writeFile(join(usb, 'model.safetensors'), shard);
  await expect(take(usb)).rejects.toMatchObject({code: 'import_unrecognised'});
  await writeFile(join(usb, 'models/config.json'), config);
  const [taken] = await take(usb);
  expect(taken).toMatchObject({variant: several, weights: {path: join(folder, 'store/known/bf16')}});
  expect(await store.find(model, several)).toEqual(taken?.weights);
  expect(await store.verify(model, several)).toEqual(taken?.weights);
  const lines = `${sha256(config)}  config.json\n${sha256(shard)}  model.safetensors\n`;
  expect(taken?.weights.sha256).toBe(sha256(Buffer.from(lines)));
});

test('the name and size of known weights with other content: damaged, and nothing is taken', async () => {
  const other = Buffer.from(nano);
  other.writeUInt8(1, other.length - 1);
  await writeFile(join(usb, 'known.gguf'), other);
  await expect(take(usb)).rejects.toMatchObject({
    code: 'weights_damaged',
    details: {path: join(usb, 'known.gguf')},
  });
  expect(await store.look(model, one)).toEqual({state: 'absent'});
});

test('nothing known, nothing there: said with what to do instead', async () => {
  await writeFile(join(usb, 'mine.gguf'), 'my own');
  await expect(take(usb)).rejects.toMatchObject({
    code: 'import_unrecognised',
    exit: 2,
    try: [`berth deploy --model ${join(usb, 'mine.gguf')}`, 'berth models'],
  });
  await expect(take(join(usb, 'none'))).rejects.toMatchObject({code: 'weights_missing'});
});

test('importing from the store itself changes nothing', async () => {
  await writeFile(join(usb, 'known.gguf'), nano);
  await take(usb);
  const [again] = await take(join(folder, 'store'), true);
  expect((await lstat(again?.weights.path ?? '')).isFile()).toBe(true);
});

test('it takes the place of what was here in part or damaged', async () => {
  const path = join(folder, 'store/known/known.gguf');
  await mkdir(join(folder, 'store/known'), {recursive: true});
  await writeFile(join(usb, 'known.gguf'), nano);
  await copyFile(join(usb, 'known.gguf'), path);
  await truncate(path, 1000);
  await take(usb);
  expect(await store.verify(model, one)).toMatchObject({totalBytes: nano.length});
});
