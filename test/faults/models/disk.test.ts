import {randomBytes} from 'node:crypto';
import {appendFile, readFile, rm, utimes, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {findModel} from '../../../src/models/index.ts';
import {downloadRig} from './rig.ts';

const rig = downloadRig();
const {model, variant, store, path, expectWhole, expectNothingUsable, onlyHuggingFace} = rig;

describe('what lies on the disk', () => {
  test('a file touched since is hashed again; a damaged one is not given out, and is fetched anew', async () => {
    await store().ensure(model, variant);
    await utimes(path(), new Date(), new Date());
    await expectWhole();
    await appendFile(path(), 'x');
    expect(await store().find(model, variant)).toBeUndefined();
    await expect(store().verify(model, variant)).rejects.toMatchObject({code: 'weights_damaged'});
    expect(await store().look(model, variant)).toMatchObject({state: 'unverified'});
    await store().ensure(model, variant);
    await expectWhole();
  });

  test('a partial file of other content is not built upon', async () => {
    await store().ensure(model, variant);
    await rm(path());
    await writeFile(`${path()}.partial`, randomBytes(1_000_000));
    await store().ensure(model, variant);
    await expectWhole();
  });

  test('a partial file with wrong bytes in it costs a second download, not a failure', async () => {
    onlyHuggingFace({});
    const aborting = new AbortController();
    rig.hf.misbehave = {stallAfterBytes: 2_000_000};
    const first = store().ensure(model, variant, {
      signal: aborting.signal,
      progress: ({current = 0}) => current > 1_000_000 && aborting.abort(),
    });
    await expect(first).rejects.toThrow();
    const partial = await readFile(`${path()}.partial`);
    partial.fill(7, 1000, 2000);
    await writeFile(`${path()}.partial`, partial);
    rig.hf.misbehave = {};
    await store().ensure(model, variant);
    await expectWhole();
  });

  test('remove frees all of it', async () => {
    await store().ensure(model, variant);
    expect(await store().remove(model, variant)).toBe(rig.content.length);
    expect(await store().look(model, variant)).toEqual({state: 'absent'});
    await expectNothingUsable();
  });

  test('a folder that cannot be is an error that names it', async () => {
    await writeFile(join(rig.folder, 'tested'), 'a file where the folder should be');
    await expect(store().ensure(model, variant)).rejects.toMatchObject({code: 'folder_not_writable'});
  });
});

test('nano and files of the user are weights like any other', async () => {
  const nano = findModel('nano');
  const [built] = nano.variants;
  if (!built) throw new Error('nano has no variant');
  const weights = await store().ensure(nano, built);
  expect(weights.sha256).toBe(rig.sha256);
  expect(await store().find(nano, built)).toEqual(weights);
  const own = findModel(weights.path);
  const [file] = own.variants;
  if (!file) throw new Error('no variant');
  expect(await store().ensure(own, file)).toEqual(weights);
  await writeFile(weights.path, 'not a model');
  await expect(store().find(own, file)).rejects.toMatchObject({code: 'weights_damaged'});
  expect((await store().ensure(nano, built)).sha256).toBe(rig.sha256);
  const gone = findModel(join(rig.folder, 'gone.gguf'));
  await expect(store().ensure(gone, gone.variants[0] ?? file)).rejects.toMatchObject({
    code: 'weights_missing',
  });
});
