import {mkdtemp, rm, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {buildNano, findModel, readGgufHeader} from '../../../src/models/index.ts';
import {ggufBytes, type GgufPlan} from '../../../src/models/gguf/write.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-gguf-'));
});
afterAll(() => rm(folder, {recursive: true}));

async function fileOf(content: Uint8Array): Promise<string> {
  const path = join(folder, `${Math.random()}.gguf`);
  await writeFile(path, content);
  return path;
}

const small: GgufPlan = {
  metadata: [
    ['general.architecture', {type: 'string', value: 'qwen3'}],
    ['qwen3.block_count', {type: 'uint32', value: 1}],
    ['some.flags', {type: 'int32s', value: [-1, 2]}],
    ['some.words', {type: 'strings', value: ['a', 'b']}],
    ['some.truth', {type: 'bool', value: true}],
    ['some.number', {type: 'float32', value: 0.5}],
  ],
  tensors: [
    {name: 'norm', type: 'F32', columns: 5, fill: (_, row) => row.fill(1)},
    {name: 'matrix', type: 'Q8_0', columns: 64, rows: 3, fill: (row, into) => into.fill(row)},
  ],
};
const bytesOf = (plan: GgufPlan): Buffer => Buffer.concat([...ggufBytes(plan)]);

test('reads back what was written', async () => {
  const content = bytesOf(small);
  const header = await readGgufHeader(await fileOf(content));
  expect(header.architecture).toBe('qwen3');
  expect(Object.fromEntries(header.metadata)).toMatchObject({
    'qwen3.block_count': 1,
    'some.flags': [-1, 2],
    'some.words': ['a', 'b'],
    'some.truth': true,
    'some.number': 0.5,
  });
  expect(header.parameters).toBe(5 + 64 * 3);
  expect(header.bytesByType).toEqual({F32: 20, Q8_0: 6 * 34});
  expect(header.tensorBytes).toBe(20 + 6 * 34);
  expect(header.fileBytes).toBe(content.length);
});

test('counts nano as the catalogue says', async () => {
  const header = await readGgufHeader(await fileOf(buildNano()));
  expect(header.parameters).toBe(findModel('nano').parameters);
  expect(header.metadata.get('qwen3.context_length')).toBe(findModel('nano').maxContextTokens);
});

const damaged = async (content: Uint8Array) => {
  const thrown: unknown = await readGgufHeader(await fileOf(content)).catch((error: unknown) => error);
  return (thrown as {toJSON(): {error: unknown}}).toJSON().error;
};

test('every cut of the file is found, wherever it is', async () => {
  const content = bytesOf(small);
  const path = await fileOf(content);
  for (let length = content.length - 32; length >= 0; length -= 7) {
    await truncate(path, length);
    await expect(readGgufHeader(path)).rejects.toMatchObject({code: 'weights_damaged'});
  }
});

test('a header that no file can have is damage, not a crash or a gigabyte of memory', async () => {
  const good = bytesOf(small);
  const changed = (change: (view: DataView) => void) => {
    const copy = Uint8Array.from(good);
    change(new DataView(copy.buffer));
    return copy;
  };
  const typeOfFirstKey = 24 + 8 + 'general.architecture'.length;
  const cases: [why: RegExp, content: Uint8Array][] = [
    [/does not begin like/, Buffer.from('<html>')],
    [/does not begin like/, Buffer.from('GG')],
    [/big-endian/, changed((view) => view.setUint32(4, 3, false))],
    [/version 99/, changed((view) => view.setUint32(4, 99, true))],
    [/tensor_count = 18446744073709551615/, changed((view) => view.setBigUint64(8, 2n ** 64n - 1n, true))],
    [/metadata_kv_count/, changed((view) => view.setBigUint64(16, 2n ** 40n, true))],
    [/string = /, changed((view) => view.setBigUint64(24, 2n ** 60n, true))],
    [/type 77/, changed((view) => view.setUint32(typeOfFirstKey, 77, true))],
    [/ends before/, good.subarray(0, 40)],
  ];
  const before = process.memoryUsage().rss;
  for (const [why, content] of cases) {
    expect(await damaged(content)).toMatchObject({
      code: 'weights_damaged',
      why: expect.stringMatching(why) as string,
    });
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
});

test('thousands of random injuries end in a header or in weights_damaged, never in anything else', async () => {
  const good = bytesOf(small);
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const path = join(folder, 'injured.gguf');
  let refused = 0;
  for (let round = 0; round < 1500; round++) {
    const copy = Uint8Array.from(good);
    for (let injury = 0; injury <= round % 4; injury++) copy[random(400)] = random(256);
    await writeFile(path, copy);
    const outcome: unknown = await readGgufHeader(path).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({code: 'weights_damaged'});
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(100);
});

test('no file is weights_missing', async () => {
  await expect(readGgufHeader(join(folder, 'none.gguf'))).rejects.toMatchObject({
    code: 'weights_missing',
    exit: 2,
  });
});
