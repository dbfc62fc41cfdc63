import {mkdtemp, rm, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {describeHeader} from '../../../src/models/index.ts';
import {readSafetensorsHeader} from '../../../src/models/safetensors/read.ts';
import {safetensorsFile} from '../../support/safetensors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-safetensors-'));
});
afterAll(() => rm(folder, {recursive: true}));

let files = 0;
async function fileOf(content: Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.safetensors`);
  await writeFile(path, content);
  return path;
}

const TENSORS = {
  'model.embed.weight': {dtype: 'BF16', shape: [16, 4], bytes: 128},
  'model.layer.weight': {dtype: 'F8_E4M3', shape: [8, 8], bytes: 64},
  'model.layer.weight_scale_inv': {dtype: 'F32', shape: [1, 1], bytes: 4},
  scalar: {dtype: 'F32', shape: [], bytes: 4},
};
const good = safetensorsFile(TENSORS);

test('counts parameters and bytes exactly, and scales are no parameters', async () => {
  const header = await readSafetensorsHeader(await fileOf(good));
  expect(header.metadata.get('format')).toBe('pt');
  expect(header.bytesByType).toEqual({BF16: 128, F8_E4M3: 64, F32: 8});
  expect(header).toMatchObject({tensorBytes: 200, fileBytes: good.length});
  const described = describeHeader({format: 'safetensors', from: 'here', shards: [header, header]});
  expect(described).toMatchObject({parameters: 2 * (64 + 64 + 1), tensors: 8, files: 2, tensorBytes: 400});
  expect(described.bytesByType).toEqual({BF16: 256, F8_E4M3: 128, F32: 16});
});

test('packed weights cannot be counted, and nobody pretends to', async () => {
  const packed = safetensorsFile({'a.qweight': {dtype: 'I32', shape: [4, 8], bytes: 128}});
  const header = await readSafetensorsHeader(await fileOf(packed));
  const described = describeHeader({format: 'safetensors', from: 'here', shards: [header]});
  expect(described).not.toHaveProperty('parameters');
  expect(described.bytesByType).toEqual({I32: 128});
});

test('every cut of the file is found, wherever it is', async () => {
  const path = await fileOf(good);
  for (let length = good.length - 1; length >= 0; length -= 5) {
    await truncate(path, length);
    await expect(readSafetensorsHeader(path)).rejects.toMatchObject({code: 'weights_damaged'});
  }
});

const withJson = (json: string | Buffer, dataBytes = 0): Buffer => {
  const text = Buffer.from(json);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
};
const one = (tensor: object, dataBytes = 8): Buffer => withJson(JSON.stringify({t: tensor}), dataBytes);

test.each<[string, RegExp, Uint8Array]>([
  ['a web page', /does not begin like/, Buffer.from('<html>Please log in</html>')],
  ['nothing', /does not begin like/, Buffer.alloc(0)],
  ['a big-endian length', /does not begin like/, Buffer.from([0, 0, 0, 0, 0, 0, 1, 0, 123, 125])],
  [
    'a length beyond the file',
    /ends before/,
    Buffer.concat([Buffer.from([255, 255, 1, 0, 0, 0, 0, 0]), good]),
  ],
  ['no JSON', /does not begin like/, withJson('{"t": ')],
  ['no UTF-8', /does not begin like/, withJson(Buffer.from([0x7b, 0xff, 0x7d]))],
  ['a list', /does not begin like/, withJson('[1, 2]')],
  ['nesting without end', /does not begin like|which cannot be/, withJson(`{"a":${'['.repeat(200_000)}`)],
  ['an unknown type', /type F7/, one({dtype: 'F7', shape: [1], data_offsets: [0, 8]})],
  ['a type of Object', /type toString/, one({dtype: 'toString', shape: [1], data_offsets: [0, 8]})],
  ['a negative length', /which cannot be/, one({dtype: 'F64', shape: [-1], data_offsets: [0, 8]})],
  [
    'a shape beyond counting',
    /which cannot be/,
    one({dtype: 'F64', shape: [2 ** 50, 2 ** 50], data_offsets: [0, 8]}),
  ],
  ['another size than its shape', /which cannot be/, one({dtype: 'F32', shape: [3], data_offsets: [0, 8]})],
  ['a hole', /offset 4/, one({dtype: 'F32', shape: [1], data_offsets: [4, 8]})],
  [
    'an overlap',
    /offset 0/,
    withJson(
      JSON.stringify({
        a: {dtype: 'F32', shape: [1], data_offsets: [0, 4]},
        b: {dtype: 'F32', shape: [1], data_offsets: [0, 4]},
      }),
      4,
    ),
  ],
  ['bytes that nothing describes', /too many/, one({dtype: 'F32', shape: [1], data_offsets: [0, 4]}, 400)],
  ['metadata that is no text', /__metadata__/, withJson('{"__metadata__": {"a": 1}}')],
])('%s is damage', async (_, why, content) => {
  const failed: unknown = await readSafetensorsHeader(await fileOf(content)).catch((error: unknown) => error);
  expect((failed as {toJSON(): {error: object}}).toJSON().error).toMatchObject({
    code: 'weights_damaged',
    why: expect.stringMatching(why) as string,
  });
});

test('thousands of random injuries end in a header or in weights_damaged, never in anything else', async () => {
  let seed = 17;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const path = join(folder, 'injured.safetensors');
  const headLength = good.length - 200;
  let refused = 0;
  for (let round = 0; round < 1500; round++) {
    const copy = Uint8Array.from(good);
    for (let injury = 0; injury <= round % 4; injury++) copy[random(headLength)] = random(256);
    await writeFile(path, copy);
    const outcome: unknown = await readSafetensorsHeader(path).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({code: 'weights_damaged'});
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(500);
});
