import {join} from 'node:path';
import {BerthError, ExitCode} from '../base/errors.ts';
import {step} from '../base/progress.ts';
import {berthVersion} from '../base/version.ts';
import type {ImageName} from '../engines/index.ts';
import {LABELS, type ImageFacts} from '../hosts/index.ts';
import {baseKey, ensureBase, wantedBase} from './base.ts';
import type {BuildRequest} from './request.ts';
import {buildContext} from './context.ts';
import {hashCode, hashInputs, imageTag, readInputFiles, type InputFile} from './inputs.ts';
import {nodeArch, planPackages, readPackageTexts, type NodeArch, type PackagePlan} from './packages.ts';
import {packageRoot, readRecipe, type Recipe} from './recipe.ts';
import {stagePackages} from './stage.ts';

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
  /** Hash of the inputs without the base. */
  code: string;
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
    {id: 'image', say: (t) => t.images.buildingOn({reference, base: planned.base})},
    async () => {
      const base = await ensureBase(request);
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
          [LABELS.code]: planned.code,
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
export async function planImage(request: BuildRequest): Promise<PlannedImage> {
  const {name, images} = request;
  const root = packageRoot();
  const recipe = readRecipe(root, name);
  const {arch} = await images.platform();
  const base = wantedBase(request);
  const files = await readInputFiles(root, recipe);
  const packages = recipe.node && {
    plan: planPackages(readPackageTexts(root), recipe.node, packageArch(arch)),
    arch: packageArch(arch),
  };
  const made = {name, arch, files, ...(packages && {packages: packages.plan.hash})};
  const inputs = hashInputs({...made, base: await baseKey(request)});
  return {
    name,
    recipe,
    reference: imageTag(name, inputs),
    inputs,
    code: hashCode(made),
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
