import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {measureWeights} from '../../../src/models/store/measure.ts';

it.each([undefined, 'no JSON', '{}'])('refuses a folder whose config.json is %j', async (config) => {
  const path = await mkdtemp(join(tmpdir(), 'berth-measure-'));
  try {
    if (config !== undefined) await writeFile(join(path, 'config.json'), config);
    await expect(measureWeights({path})).rejects.toMatchObject({code: 'header_incomplete'});
  } finally {
    await rm(path, {recursive: true});
  }
});
