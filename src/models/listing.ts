/** What people and `--json` are told of the catalogue. */
import {z} from 'zod';
import {bytes, type Bytes} from '../base/units.ts';
import type {Model, Variant} from './model.ts';
import {NANO_BYTES} from './nano/nano.ts';
import type {OnDisk, WeightsStore} from './store/store.ts';

const variantSchema = z.object({
  name: z.string(),
  /** Of the whole file; undefined for a file that is not there. */
  totalBytes: z.number().optional(),
  disk: z.enum(['absent', 'partial', 'unverified', 'verified']),
  /** What is on disk of it. */
  haveBytes: z.number(),
  path: z.string().optional(),
  sha256: z.string().optional(),
  /** Where it can be fetched from, the best first. */
  places: z.array(z.string()),
});

export const modelSchema = z.object({
  id: z.string(),
  title: z.string(),
  license: z.string(),
  standIn: z.boolean(),
  parameters: z.number(),
  maxContextTokens: z.number(),
  sampling: z.object({temperature: z.number(), topP: z.number(), topK: z.number(), minP: z.number()}),
  variants: z.array(variantSchema),
});

export type ModelListing = z.infer<typeof modelSchema>;
export type VariantListing = z.infer<typeof variantSchema>;

export async function describeModel(store: WeightsStore, model: Model): Promise<ModelListing> {
  const {id, title, license, standIn, parameters, maxContextTokens, sampling} = model;
  const variants = await Promise.all(
    model.variants.map(async (variant) => describeVariant(variant, await store.look(model, variant))),
  );
  return {id, title, license, standIn, parameters, maxContextTokens, sampling, variants};
}

function describeVariant({name, file}: Variant, onDisk: OnDisk): VariantListing {
  const places = file.from === 'hub' ? file.places : [];
  const totalBytes = sizeOf(file, onDisk);
  return {
    name,
    ...(totalBytes !== undefined && {totalBytes}),
    disk: onDisk.state,
    haveBytes: haveBytes(onDisk),
    ...('path' in onDisk && {path: onDisk.path}),
    ...('sha256' in onDisk && {sha256: onDisk.sha256}),
    places: places.map(({hub, repository, revision}) => `${hub}:${repository}@${revision}`),
  };
}

function sizeOf(file: Variant['file'], onDisk: OnDisk): Bytes | undefined {
  switch (file.from) {
    case 'hub':
      return file.totalBytes;
    case 'built-in':
      return NANO_BYTES;
    case 'path':
      return 'totalBytes' in onDisk ? onDisk.totalBytes : undefined;
  }
}

function haveBytes(onDisk: OnDisk): Bytes {
  switch (onDisk.state) {
    case 'absent':
      return bytes(0);
    case 'partial':
      return onDisk.haveBytes;
    case 'unverified':
    case 'verified':
      return onDisk.totalBytes;
  }
}
