import {join} from 'node:path';
import {BerthError, ExitCode} from '../base/errors.ts';
import {step, type Progress} from '../base/progress.ts';
import {berthVersion} from '../base/version.ts';
import type {ImageName} from '../engines/index.ts';
import {LABELS, type ImageFacts, type Images} from '../hosts/index.ts';
import {buildContext} from './context.ts';
import {hashInputs, imageTag, readInputFiles, type InputFile} from './inputs.ts';
import {nodeArch, planPackages, readPackageTexts, type NodeArch, type PackagePlan} from './packages.ts';
import {packageRoot, readRecipe, recipeBase, type CudaLine, type Recipe} from './recipe.ts';
import {atMirror, formatReference, parseReference} from './reference.ts';
import {stagePackages} from './stage.ts';

/** Where an image comes from, when it is not what the recipe says. */
export interface ImageChoice {
  /** Build from this image instead of the recipe's base. */
  base?: string;
  /** Pull bases from a mirror with this prefix. */
  registryPrefix?: string;
  cuda?: CudaLine;
}

export interface BuildRequest extends ImageChoice {
  name: ImageName;
  /** The engine that builds and keeps it. */
  images: Images;
  /** Folder for what can be made again. */
  cache: string;
  progress: Progress;
  signal?: AbortSignal;
}

export interface BuiltImage {
  name: ImageName;
  /** `berth/llama-cpp:3f9c2b7a1d04`. */
  reference: string;
  id: string;
  totalBytes: number;
  base: string;
  /** False when an image with the same inputs was there already. */
  built: boolean;
}

/** An image before it is built: what it is made of, and so what it is called. */
interface PlannedImage {
  name: ImageName;
  recipe: Recipe;
  reference: string;
  inputs: string;
  /** The base as it was asked for. */
  base: string;
  files: readonly InputFile[];
  packages?: {plan: PackagePlan; arch: NodeArch};
}

/** Builds a serving image, unless one with the same inputs is there. Throws `image_build_failed` and what npm and registries answer. */
export async function buildImage(request: BuildRequest): Promise<BuiltImage> {
  const {name, images, progress, signal, cache} = request;
  const planned = await planImage(request);
  const {reference} = planned;
  const found = await images.inspect(reference);
  if (found) {
    progress({id: 'image', status: 'skipped', say: (t) => t.images.unchanged({reference})});
    return describe(planned, found, false);
  }
  return step(
    progress,
    {id: 'image', say: (t) => t.images.building({reference})},
    async () => {
      const base = await ensureBase(planned.base, request);
      const packages = planned.packages && {
        plan: planned.packages.plan,
        folder: await stagePackages(planned.packages.plan, {
          cache: join(cache, 'packages'),
          arch: planned.packages.arch,
          progress,
          ...(signal && {signal}),
        }),
      };
      await images.build(buildContext(planned.files, packages), {
        reference,
        arguments: {BASE: base.reference},
        labels: {
          [LABELS.image]: name,
          [LABELS.version]: berthVersion(),
          [LABELS.inputs]: planned.inputs,
          [LABELS.base]: planned.base,
        },
        progress,
        ...(signal && {signal}),
      });
      const built = await images.inspect(reference);
      if (!built) throw new Error(`${reference} is not there after it was built`);
      return describe(planned, built, true);
    },
    (built) => (t) => t.images.built(built),
  );
}

const describe = (
  {name, reference, base}: PlannedImage,
  {id, totalBytes}: ImageFacts,
  built: boolean,
): BuiltImage => ({
  name,
  reference,
  id,
  totalBytes,
  base,
  built,
});

/** Decides what an image is made of, pulling its base when only that tells what the base is. */
async function planImage(request: BuildRequest): Promise<PlannedImage> {
  const {name, images, cuda} = request;
  const root = packageRoot();
  const recipe = readRecipe(root, name);
  const {arch} = await images.platform();
  const base = request.base ?? recipeBase(recipe, cuda);
  const files = await readInputFiles(root, recipe);
  const packages = recipe.node && {
    plan: planPackages(readPackageTexts(root), recipe.node, packageArch(arch)),
    arch: packageArch(arch),
  };
  const inputs = hashInputs({
    name,
    arch,
    base: await baseKey(base, request),
    files,
    ...(packages && {packages: packages.plan.hash}),
  });
  return {
    name,
    recipe,
    reference: imageTag(name, inputs),
    inputs,
    base,
    files,
    ...(packages && {packages}),
  };
}

function packageArch(arch: string): NodeArch {
  const found = nodeArch(arch);
  if (found !== undefined) return found;
  throw new BerthError({
    code: 'architecture_unsupported',
    what: (t) => t.images.architectureUnsupported({arch}),
    try: ['berth deploy --runtime process'],
    exit: ExitCode.usage,
    details: {arch},
  });
}

/**
 * What stands for the base in the hash of the inputs. A digest says it without the base being there; else it is
 * the id that the name has on this engine, where it is pulled when it is missing.
 */
const baseKey = async (wanted: string, request: BuildRequest): Promise<string> =>
  parseReference(wanted).digest ?? (await ensureBase(wanted, request)).id;

/** The base on the engine, under a name that it has there. */
async function ensureBase(
  wanted: string,
  {images, registryPrefix, progress, signal}: BuildRequest,
): Promise<{reference: string; id: string}> {
  const parsed = parseReference(wanted);
  const full = formatReference(parsed);
  const mirror = registryPrefix === undefined ? undefined : formatReference(atMirror(parsed, registryPrefix));
  for (const reference of [wanted, ...(mirror === undefined ? [] : [mirror])]) {
    const found = await images.inspect(reference);
    if (found) return {reference, id: found.id};
  }
  const reference = mirror ?? full;
  await step(
    progress,
    {id: 'image/base', parent: 'image', say: (t) => t.images.pullingBase({reference})},
    () => images.pull(reference, {progress, ...(signal && {signal})}),
  );
  const pulled = await images.inspect(reference);
  if (!pulled) throw new Error(`${reference} is not there after it was pulled`);
  return {reference, id: pulled.id};
}
