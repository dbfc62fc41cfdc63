import {createHash} from 'node:crypto';
import {copyFile, lstat, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
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
import {localFiles, localLargeFile} from '../../../src/hosts/local/files.ts';
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

describe('from the store of another host', () => {
  let other: WeightsStore;
  beforeEach(async () => {
    other = openWeightsStore({folder: join(folder, 'other'), env: {}, clock: systemClock});
    await writeFile(join(usb, 'known.gguf'), nano);
    await writeFile(join(usb, 'model.safetensors'), shard);
    await writeFile(join(usb, 'config.json'), config);
    await other.import(usb, {models: [model], link: false});
  });

  /** That host, read as a local folder. `most`: a stream from it breaks after so many bytes. */
  function host(most = Infinity) {
    const given = {bytes: 0};
    async function* until(content: Readable): AsyncGenerator<Buffer> {
      for await (const piece of content as AsyncIterable<Buffer>) {
        if (given.bytes + piece.length > most) throw new Error('the cable was pulled');
        given.bytes += piece.length;
        yield piece;
      }
    }
    const there = {
      ...{host: 'lab', folder: join(folder, 'other'), read: (path: string) => localFiles.read(path)},
      open: async (path: string) => {
        const file = await localLargeFile(path);
        return (
          file && {
            ...file,
            read: async (start: number, end: number) =>
              Readable.from(until(await file.read(start, end)), {objectMode: false}),
          }
        );
      },
    };
    return {given, there};
  }
  const wanted = (...variants: Variant[]) => ({wanted: variants.map((variant) => ({model, variant}))});

  test('a file and a folder arrive, verified, and are not fetched again', async () => {
    const {there, given} = host();
    const [file, several_] = await store.importFrom(there, wanted(one, several));
    expect(file).toMatchObject({variant: one, weights: {sha256: sha256(nano)}});
    expect(await readFile(join(folder, 'store/known/known.gguf'))).toEqual(Buffer.from(nano));
    expect(several_?.weights).toEqual(await store.find(model, several));
    expect(await store.verify(model, several)).toEqual(several_?.weights);
    expect((await readdir(join(folder, 'store/known'))).filter((name) => /partial|lock/.test(name))).toEqual(
      [],
    );
    const once = given.bytes;
    await store.importFrom(there, wanted(one, several));
    expect(given.bytes).toBe(once);
  });

  test('what nobody pins is taken by the record of its verified download there', async () => {
    const {sha256: _unknown, ...named} = pinned('known.gguf', nano);
    const unpinned: Variant = {...one, file: {from: 'hub', files: [named], places}};
    expect(await store.importFrom(host().there, wanted(unpinned))).toMatchObject([
      {weights: {sha256: sha256(nano)}},
    ]);
  });

  test('a copy that breaks off is gone on with: no byte comes twice', async () => {
    const first = host(nano.length / 2);
    const error: unknown = await store
      .importFrom(first.there, wanted(one))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      ...{code: 'import_interrupted', exit: 3, details: {haveBytes: first.given.bytes}},
      try: ['berth models import --from lab known', 'berth host check lab'],
    });
    expect(first.given.bytes).toBeGreaterThan(0);
    expect(await store.look(model, one)).toMatchObject({state: 'partial', haveBytes: first.given.bytes});
    const second = host();
    await store.importFrom(second.there, wanted(one));
    expect(first.given.bytes + second.given.bytes).toBe(nano.length);
    expect(await store.verify(model, one)).toMatchObject({sha256: sha256(nano)});
  });

  test('other content than what was verified there is thrown away', async () => {
    const changed = Buffer.from(nano);
    changed.writeUInt8(1, changed.length - 1);
    await writeFile(join(folder, 'other/known/known.gguf'), changed);
    await expect(store.importFrom(host().there, wanted(one))).rejects.toMatchObject({code: 'import_damaged'});
    expect(await store.look(model, one)).toEqual({state: 'absent'});
  });

  test.each(['../../../escaped', '/tmp/escaped', '..'])(
    'a list that leads out of its folder (%s) is not followed',
    async (path) => {
      const list = {files: [{path, totalBytes: config.length, sha256: sha256(config)}]};
      await writeFile(join(folder, 'other/known/bf16.files.json'), JSON.stringify(list));
      await expect(store.importFrom(host().there, wanted(several))).rejects.toMatchObject({
        ...{code: 'import_nothing_there', exit: 2},
        try: ['berth models pull known', 'berth host check lab'],
      });
    },
  );

  test('nothing is taken that nothing vouches for', async () => {
    await rm(join(folder, 'other/known/bf16.files.json'));
    await expect(store.importFrom(host().there, wanted(several))).rejects.toMatchObject({
      code: 'import_nothing_there',
    });
  });
});
