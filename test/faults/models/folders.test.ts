import {createHash} from 'node:crypto';
import {mkdtemp, readFile, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {findModel, openWeightsStore, type Model, type Variant} from '../../../src/models/index.ts';
import {inMemory} from '../../fakes/hub/files.ts';
import {startFakeHub, type FakeHub} from '../../fakes/hub/hub.ts';
import {safetensorsFile} from '../../support/safetensors.ts';

const shard = (name: string) =>
  safetensorsFile({[name]: {dtype: 'BF16', shape: [1024, 512], bytes: 2 ** 20}});
const FILES = {
  'config.json': inMemory(Buffer.from('{"model_type": "qwen3"}'), {lfs: false}),
  'model-00001-of-00002.safetensors': inMemory(shard('a')),
  'model-00002-of-00002.safetensors': inMemory(shard('b')),
  'tokenizer.json': inMemory(Buffer.alloc(300_000, '{}'), {lfs: true}),
};
const NOT_NEEDED = {
  'README.md': inMemory(Buffer.from('# Read me')),
  'modeling.py': inMemory(Buffer.from('print()')),
  'consolidated.safetensors': inMemory(shard('all')),
  '../escape.safetensors': inMemory(shard('out')),
  'original/model.safetensors': inMemory(shard('old')),
};
const repository: Variant = {
  name: 'bf16',
  format: 'safetensors',
  file: {
    from: 'hub',
    places: [
      {hub: 'huggingface', repository: 'someone/model', revision: 'main'},
      {hub: 'modelscope', repository: 'someone/model', revision: 'master'},
    ],
  },
};
const model: Model = {...findModel('nano'), id: 'several', title: 'Several', variants: [repository]};

let folder: string;
let hf: FakeHub;
let modelScope: FakeHub;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-folders-'));
  hf = await startFakeHub({...FILES, ...NOT_NEEDED});
  modelScope = await startFakeHub({...FILES, ...NOT_NEEDED});
});
afterEach(async () => {
  await Promise.all([hf.close(), modelScope.close()]);
  await rm(folder, {recursive: true});
});

const open = () =>
  openWeightsStore({
    folder,
    env: {HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: modelScope.url},
    clock: systemClock,
    patience: {answer: seconds(2), stall: seconds(1), backoff: ms(20)},
    pieceBytes: 2 ** 18,
  });
const at = (name = '') => join(folder, 'several/bf16', name);

test('a repository is fetched as its hub lists it: what an engine needs, and nothing that runs', async () => {
  const weights = await open().ensure(model, repository);
  expect((await readdir(at())).sort()).toEqual(Object.keys(FILES).sort());
  const lines = Object.entries(FILES).map(([path, file]) => `${file.sha256}  ${path}\n`);
  expect(weights).toEqual({
    path: at().replace(/\/$/, ''),
    totalBytes: Object.values(FILES).reduce((sum, {size}) => sum + size, 0),
    sha256: createHash('sha256').update(lines.join('')).digest('hex'),
  });
  expect(await open().find(model, repository)).toEqual(weights);
  expect(await open().look(model, repository)).toMatchObject({state: 'verified'});
  const asked = hf.asked.length;
  await open().ensure(model, repository);
  expect(hf.asked).toHaveLength(asked);
});

test('interrupted, it goes on with the file and the byte where it was', async () => {
  hf.misbehave = {bytesPerSecond: 1_500_000};
  modelScope.misbehave = {status: 503};
  const aborting = new AbortController();
  const first = open().ensure(model, repository, {
    signal: aborting.signal,
    progress: ({current = 0}) => current > 1_300_000 && aborting.abort(),
  });
  await expect(first).rejects.toThrow();
  expect(await open().look(model, repository)).toMatchObject({state: 'partial'});
  expect(await open().find(model, repository)).toBeUndefined();
  hf.misbehave = {};
  await open().ensure(model, repository);
  const total = Object.values(FILES).reduce((sum, {size}) => sum + size, 0);
  expect(hf.sentBytes).toBeLessThan(total * 1.1);
});

test('one damaged file of it is found, and only that one is fetched again', async () => {
  await open().ensure(model, repository);
  const path = at('model-00002-of-00002.safetensors');
  const content = await readFile(path);
  content.writeUInt8(1, content.length - 1);
  await writeFile(path, content);
  await expect(open().verify(model, repository)).rejects.toMatchObject({
    code: 'weights_damaged',
    details: {path},
  });
  expect(await open().find(model, repository)).toBeUndefined();
  const before = hf.sentBytes + modelScope.sentBytes;
  await open().ensure(model, repository);
  expect(hf.sentBytes + modelScope.sentBytes - before).toBeLessThan(2 ** 20 + 4096);
  expect(await open().verify(model, repository)).toMatchObject({path: at().replace(/\/$/, '')});
});

test('a folder of the user is weights like any other, and stays theirs', async () => {
  await open().ensure(model, repository);
  const own = findModel(at());
  const [variant] = own.variants;
  if (!variant) throw new Error('no variant');
  const weights = await open().ensure(own, variant);
  expect(weights).toEqual(await open().find(model, repository));
  expect(await open().remove(own, variant)).toBe(0);
  await rm(at('model-00001-of-00002.safetensors'));
  await rm(at('model-00002-of-00002.safetensors'));
  await expect(open().find(own, variant)).rejects.toMatchObject({code: 'weights_missing'});
});

test('remove frees all of it', async () => {
  const {totalBytes} = await open().ensure(model, repository);
  expect(await open().remove(model, repository)).toBe(totalBytes);
  expect(await readdir(join(folder, 'several'))).toEqual([]);
  expect(await open().look(model, repository)).toEqual({state: 'absent'});
});

test('a repository without safetensors is no model for an engine', async () => {
  await hf.close();
  await modelScope.close();
  hf = await startFakeHub({'README.md': NOT_NEEDED['README.md']});
  modelScope = await startFakeHub({}, {status: 404});
  await expect(open().ensure(model, repository)).rejects.toMatchObject({code: 'hub_file_missing'});
});
