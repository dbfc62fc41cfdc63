import {readFileSync} from 'node:fs';
import {findPackageJSON} from 'node:module';
import {dirname, join} from 'node:path';
import {z} from 'zod';
import {BerthError, ExitCode} from '../base/errors.ts';
import type {ImageName} from '../engines/index.ts';

/** The folders of images/. */
export const IMAGE_NAMES = ['berth', 'llama-cpp', 'vllm'] as const satisfies readonly ImageName[];

/** Versions of CUDA that a base comes for. A driver runs images of its own version and of older ones. */
export const CUDA_LINES = ['12', '13'] as const;
export type CudaLine = (typeof CUDA_LINES)[number];

const recipeSchema = z.strictObject({
  schema: z.literal('berth.image-recipe/1'),
  name: z.enum(IMAGE_NAMES),
  /** What it is built from, pinned by digest: one base for all, or one a CUDA line. */
  bases: z.union([
    z.strictObject({any: z.string()}),
    z.strictObject({cuda12: z.string(), cuda13: z.string()}),
  ]),
  /** Small files: where in the build context, and where they lie under images/. Those in `bin/` can be executed. */
  files: z.record(z.string(), z.string()),
  /** Set when this package goes inside, and with it this Node from the npm package `node-linux-<arch>`. */
  node: z
    .strictObject({
      version: z.string(),
      integrity: z.strictObject({x64: z.string(), arm64: z.string()}),
    })
    .exactOptional(),
});
/** `image.json` of a folder of images/. */
export type Recipe = z.infer<typeof recipeSchema>;

/** The folder of this package: a checkout, or where npm has put it. */
export function packageRoot(): string {
  const path = findPackageJSON(import.meta.url);
  if (path === undefined) throw new Error('package.json is missing');
  return dirname(path);
}

export const readRecipe = (root: string, name: ImageName): Recipe =>
  recipeSchema.parse(JSON.parse(readFileSync(join(root, 'images', name, 'image.json'), 'utf8')));

/**
 * The base for a CUDA line. Without a wish it is CUDA 12, which newer drivers run too.
 * @throws BerthError `usage` when the image knows no CUDA lines.
 */
export function recipeBase({name, bases}: Recipe, cuda: CudaLine | undefined): string {
  if (!('any' in bases)) return bases[`cuda${cuda ?? '12'}`];
  if (cuda === undefined) return bases.any;
  throw new BerthError({
    code: 'usage',
    what: (t) => t.images.noCudaLines({name}),
    try: [`berth image build ${name}`],
    exit: ExitCode.usage,
  });
}
