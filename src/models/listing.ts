/** What people and `--json` are told of the catalogue. */
import {z} from 'zod';
import {bytes, type Bytes} from '../base/units.ts';
import type {Model, Variant} from './model.ts';
import {NANO_BYTES} from './nano/nano.ts';
import type {OnDisk, WeightsStore} from './store/store.ts';

const variantSchema = z.object({
  name: z.string(),
  format: z.enum(['gguf', 'safetensors']),
  /** Of all files together; undefined for what is not there and nobody has told yet. */
  totalBytes: z.number().optional(),
  /** Rounded: published as "3.3 GB". */
  approximate: z.boolean().optional(),
  disk: z.enum(['absent', 'partial', 'unverified', 'verified']),
  /** What is on disk of it. */
  haveBytes: z.number(),
  path: z.string().optional(),
  /** Of what is on disk; before that, of what the catalogue pins. */
  sha256: z.string().optional(),
  /** How many files it consists of; undefined when the hub's list decides. */
  files: z.number().optional(),
  /** Where it can be fetched from, the best first. */
  places: z.array(z.string()),
});

export const modelSchema = z.object({
  id: z.string(),
  title: z.string(),
  license: z.string(),
  /** Where its hub wants terms accepted before it gives the files. */
  termsUrl: z.string().optional(),
  standIn: z.boolean(),
  parameters: z.number(),
  maxContextTokens: z.number(),
  sampling: z.object({temperature: z.number(), topP: z.number(), topK: z.number(), minP: z.number()}),
  /** Told by others; none of it was measured by Berth. */
  quality: z.array(
    z.object({
      measure: z.string(),
      value: z.number(),
      unit: z.enum(['%', '/5']),
      by: z.enum(['claimed', 'official', 'third-party']),
      source: z.string(),
    }),
  ),
  /** The model to take where this one is too large. */
  smaller: z.string().optional(),
  variants: z.array(variantSchema),
});

export type ModelListing = z.infer<typeof modelSchema>;
export type VariantListing = z.infer<typeof variantSchema>;

export async function describeModel(store: WeightsStore, model: Model): Promise<ModelListing> {
  const {quality, variants, ...facts} = model;
  const described = variants.map(async (variant) =>
    describeVariant(variant, await store.look(model, variant)),
  );
  return {...facts, quality: [...quality], variants: await Promise.all(described)};
}

function describeVariant({name, format, file}: Variant, onDisk: OnDisk): VariantListing {
  const hub = file.from === 'hub' ? file : undefined;
  const totalBytes = 'totalBytes' in onDisk ? onDisk.totalBytes : sizeOf(file);
  const sha256 = 'sha256' in onDisk ? onDisk.sha256 : pinOf(file);
  const files = filesOf(file);
  return {
    name,
    format,
    ...(totalBytes !== undefined && {totalBytes}),
    ...(hub?.approximate && !('totalBytes' in onDisk) && {approximate: true}),
    disk: onDisk.state,
    haveBytes: haveBytes(onDisk),
    ...('path' in onDisk && {path: onDisk.path}),
    ...(sha256 !== undefined && {sha256}),
    ...(files !== undefined && {files}),
    places: hub?.places.map((place) => `${place.hub}:${place.repository}@${place.revision}`) ?? [],
  };
}

const pinOf = (file: Variant['file']): string | undefined =>
  file.from === 'hub' && file.files?.length === 1 ? file.files[0]?.sha256 : undefined;

const filesOf = (file: Variant['file']): number | undefined =>
  file.from === 'hub' ? file.files?.length : file.from === 'built-in' ? 1 : undefined;

function sizeOf(file: Variant['file']): Bytes | undefined {
  switch (file.from) {
    case 'hub':
      return file.totalBytes;
    case 'built-in':
      return NANO_BYTES;
    case 'path':
      return undefined;
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
