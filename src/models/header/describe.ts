/** What a header says of the model, without its weights. */
import {z} from 'zod';
import type {GgufHeader} from '../gguf/header.ts';
import {countParameters, type SafetensorsHeader} from '../safetensors/header.ts';

export type VariantHeader =
  | {format: 'gguf'; from: string; gguf: GgufHeader}
  | {format: 'safetensors'; from: string; shards: readonly SafetensorsHeader[]};

export const headerSchema = z.object({
  /** A path, or the hub's address and the repository. */
  from: z.string(),
  format: z.enum(['gguf', 'safetensors']),
  architecture: z.string().optional(),
  /** Exact; undefined where several weights are packed into one element. */
  parameters: z.number().optional(),
  tensors: z.number(),
  files: z.number(),
  /** Exact, by element type (`Q4_K`, `BF16`). */
  bytesByType: z.record(z.string(), z.number()),
  tensorBytes: z.number(),
  fileBytes: z.number(),
});

export type HeaderListing = z.infer<typeof headerSchema>;

export function describeHeader(header: VariantHeader): HeaderListing {
  switch (header.format) {
    case 'gguf': {
      const {architecture, parameters, tensors, bytesByType, tensorBytes, fileBytes} = header.gguf;
      return {
        from: header.from,
        format: 'gguf',
        architecture,
        parameters,
        tensors: tensors.length,
        files: 1,
        bytesByType: {...bytesByType},
        tensorBytes,
        fileBytes,
      };
    }
    case 'safetensors': {
      const {from, shards} = header;
      const tensors = shards.flatMap((shard) => shard.tensors);
      const parameters = countParameters(tensors);
      return {
        from,
        format: 'safetensors',
        ...(parameters !== undefined && {parameters}),
        tensors: tensors.length,
        files: shards.length,
        bytesByType: sumByType(shards),
        tensorBytes: shards.reduce((sum, shard) => sum + shard.tensorBytes, 0),
        fileBytes: shards.reduce((sum, shard) => sum + shard.fileBytes, 0),
      };
    }
  }
}

function sumByType(shards: readonly SafetensorsHeader[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const {bytesByType} of shards) {
    for (const [type, count] of Object.entries(bytesByType)) sums[type] = (sums[type] ?? 0) + count;
  }
  return sums;
}
