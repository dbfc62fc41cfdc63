import {mkdtemp, rm, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, expect, test} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {ggufBytes, type GgufPlan} from '../../../src/models/gguf/write.ts';
import {
  describeHeader,
  findModel,
  openWeightsStore,
  type Model,
  type Variant,
  type WeightsStore,
} from '../../../src/models/index.ts';
import {onDisk, type FakeFile} from '../../fakes/hub/files.ts';
import {startFakeHub, type FakeHub, type Misbehaviour} from '../../fakes/hub/hub.ts';
import {safetensorsHead} from '../../support/safetensors.ts';

const ANY_HASH = 'ab'.repeat(32);
const places = [{hub: 'huggingface', repository: 'someone/large', revision: 'main'}] as const;
const gguf: Variant = {
  name: 'Q4',
  format: 'gguf',
  file: {from: 'hub', files: [{path: 'large.gguf'}], places},
};
const shards: Variant = {name: 'bf16', format: 'safetensors', file: {from: 'hub', places}};
const model: Model = {...findModel('nano'), id: 'large', title: 'Large', variants: [gguf, shards]};

/** As large as a real one: a vocabulary and merges of Qwen3's size, and more than 4 GB of tensors. */
const plan: GgufPlan = {
  metadata: [
    ['general.architecture', {type: 'string', value: 'qwen3'}],
    ['qwen3.block_count', {type: 'uint32', value: 36}],
    ['tokenizer.ggml.tokens', {type: 'strings', value: numbered(151_936, 'token')}],
    ['tokenizer.ggml.merges', {type: 'strings', value: numbered(151_387, 'mer ge')}],
  ],
  tensors: [
    {name: 'token_embd.weight', type: 'Q8_0', columns: 4096, rows: 151_936, fill: () => undefined},
    {name: 'output_norm.weight', type: 'F32', columns: 4096, fill: () => undefined},
    {name: 'blk.0.ffn_up.weight', type: 'Q4_K', columns: 8192, rows: 786_432, fill: () => undefined},
  ],
};
const BYTES = {Q8_0: (4096 / 32) * 34 * 151_936, F32: 4096 * 4, Q4_K: (8192 / 256) * 144 * 786_432};

function numbered(count: number, word: string): string[] {
  return Array.from({length: count}, (_, index) => `${word} ${index}`);
}

let folder: string;
let large: FakeFile & Disposable;
let hub: FakeHub | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-headers-'));
  const path = join(folder, 'large.gguf');
  const [head = new Uint8Array()] = ggufBytes(plan);
  await writeFile(path, head);
  // The tensors are a hole in the file: it takes no room.
  await truncate(path, head.length + BYTES.Q8_0 + BYTES.F32 + BYTES.Q4_K);
  large = onDisk(path, ANY_HASH);
});
afterEach(async () => {
  await hub?.close();
  hub = undefined;
});
afterAll(async () => {
  large[Symbol.dispose]();
  await rm(folder, {recursive: true});
});

async function storeAt(files: Record<string, FakeFile>, misbehave: Misbehaviour = {}): Promise<WeightsStore> {
  hub = await startFakeHub(files, misbehave);
  return openWeightsStore({
    folder: join(folder, 'store'),
    env: {HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret'},
    clock: systemClock,
    patience: {answer: seconds(2), stall: seconds(1), backoff: ms(20)},
  });
}

test('the header of a remote file of more than 4 GB: at most 5 requests and 32 MB', async () => {
  const store = await storeAt({'large.gguf': large});
  const header = describeHeader(await store.header(model, gguf));
  expect(large.size).toBeGreaterThan(4_000_000_000);
  expect(header).toMatchObject({
    architecture: 'qwen3',
    parameters: 4096 * 151_936 + 4096 + 8192 * 786_432,
    bytesByType: BYTES,
    fileBytes: large.size,
    from: `${hub?.url ?? ''}/someone/large`,
  });
  expect(hub?.asked.length).toBeLessThanOrEqual(5);
  expect(hub?.sentBytes).toBeLessThanOrEqual(32_000_000);
  // The token went to the hub, and not to its CDN.
  expect(hub?.asked.filter(({authorization}) => authorization !== undefined)).toHaveLength(1);
});

test('safetensors in several files are read one by one, and summed', async () => {
  const tensor = (name: string, gigabytes: number) => {
    const {head, fileBytes} = safetensorsHead({
      [name]: {dtype: 'BF16', shape: [gigabytes * 2 ** 20, 512], bytes: gigabytes * 2 ** 30},
    });
    return {head, file: sparse(head, fileBytes)};
  };
  const [a, b] = [tensor('a', 3), tensor('b', 2)];
  const store = await storeAt({
    'model-00001-of-00002.safetensors': a.file,
    'model-00002-of-00002.safetensors': b.file,
    'config.json': sparse(Buffer.from('{}'), 2, false),
  });
  const header = describeHeader(await store.header(model, shards));
  expect(header).toMatchObject({
    parameters: 5 * 2 ** 29,
    files: 2,
    tensors: 2,
    bytesByType: {BF16: 5 * 2 ** 30},
  });
  expect(hub?.sentBytes).toBeLessThan(3 * 2 ** 20);
});

function sparse(head: Uint8Array, size: number, lfs = true): FakeFile {
  const read = (start: number, end: number): Uint8Array => {
    const piece = Buffer.alloc(end - start);
    piece.set(head.subarray(start, end).subarray(0, piece.length));
    return piece;
  };
  return {size, sha256: ANY_HASH, gitHash: ANY_HASH.slice(0, 40), lfs, read};
}

test.each<[string, Misbehaviour, string]>([
  ['a web page with 200', {html: true}, 'hub_unreachable'],
  ['a web page for the file', {htmlFile: true}, 'hub_unreachable'],
  ['redirects in circles', {redirectLoop: true}, 'hub_unreachable'],
  ['a CDN out of reach', {deadCdn: true}, 'hub_unreachable'],
  ['a revoked token', {token: 'hf_other'}, 'hub_forbidden'],
  ['no such file', {status: 404}, 'hub_file_missing'],
  ['a file that changes between ranges', {changes: true}, 'download_corrupt'],
  ['another range than asked for', {shiftRange: 1}, 'download_corrupt'],
  ['a connection that breaks', {dropAfterBytes: 1000}, 'download_interrupted'],
  ['a length that is a lie', {extraLength: 4_000_000_000_000}, 'none'],
])('%s: %j ends in %s', async (_, misbehave, code) => {
  const store = await storeAt({'large.gguf': large}, misbehave);
  const outcome: unknown = await store.header(model, gguf).then(
    () => ({code: 'none'}),
    (error: unknown) => error,
  );
  expect(outcome).toMatchObject({code});
});

test('what is no model is said to be damaged, and where it is', async () => {
  const store = await storeAt({
    'large.gguf': sparse(Buffer.from('PK\u0003\u0004 a zip file'), 5_000_000_000),
  });
  await expect(store.header(model, gguf)).rejects.toMatchObject({
    code: 'weights_damaged',
    details: {path: `${hub?.url ?? ''}/someone/large/large.gguf`},
  });
  expect(hub?.asked.length).toBeLessThanOrEqual(5);
});

test('a header that goes on and on is given up after 32 MB', async () => {
  const head = Buffer.alloc(24 + 3 * (13 + 8 + 2 ** 24));
  head.writeUInt32LE(0x46554747, 0);
  head.writeUInt32LE(3, 4);
  head.writeBigUInt64LE(16_000n, 16);
  // Keys of one letter, each with a text of 16 MiB.
  for (let key = 0, at = 24; key < 3; key++, at += 13 + 8 + 2 ** 24) {
    head.writeBigUInt64LE(1n, at);
    head.write('abc'.charAt(key), at + 8);
    head.writeUInt32LE(8, at + 9);
    head.writeBigUInt64LE(2n ** 24n, at + 13);
  }
  const store = await storeAt({'large.gguf': sparse(head, 5_000_000_000)});
  const failed: unknown = await store.header(model, gguf).catch((error: unknown) => error);
  expect(failed).toMatchObject({code: 'weights_damaged'});
  expect((failed as {toJSON(): {error: object}}).toJSON().error).toMatchObject({
    why: expect.stringContaining('longer than that of any real model') as string,
  });
  expect(hub?.sentBytes).toBeLessThanOrEqual(32_000_000);
});
