import {readdir, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {systemCode} from '../../base/errors.ts';
import {weightsOfGguf, type WeightsFacts} from '../estimate/weights.ts';
import type {GgufHeader} from '../gguf/header.ts';
import type {Weights} from '../model.ts';
import type {ModelShape} from '../shape.ts';
import {shapeOfConfig} from '../shapes/of-config.ts';
import {shapeOfGguf} from '../shapes/of-gguf.ts';
import {headerOnDisk} from './headers.ts';

/** What planning needs of weights, exact, as plain JSON. */
export interface WeightsMeasure {
  shape: ModelShape;
  /** Bytes of all tensors as they are stored. */
  storedBytes: number;
  /** How a GGUF's tensors are spread; undefined for safetensors. */
  gguf?: WeightsFacts;
}

/** Reads it from the headers on the disk; a folder of safetensors tells its shape in `config.json`. */
export async function measureWeights({path}: Pick<Weights, 'path'>): Promise<WeightsMeasure> {
  const folder = (await stat(path)).isDirectory();
  const paths = folder ? (await readdir(path)).sort().map((name) => join(path, name)) : [path];
  const header = await headerOnDisk(paths, path);
  if (header.format === 'gguf') return measureGguf(header.gguf);
  return {
    shape: shapeOfConfig(await readConfig(join(path, 'config.json'))),
    storedBytes: header.shards.reduce((sum, shard) => sum + shard.tensorBytes, 0),
  };
}

export const measureGguf = (header: GgufHeader): WeightsMeasure => ({
  shape: shapeOfGguf(header),
  storedBytes: header.tensorBytes,
  gguf: weightsOfGguf(header),
});

/** What is missing or no JSON is refused as a configuration that tells nothing. */
async function readConfig(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
