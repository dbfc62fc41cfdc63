import {step} from '../base/progress.ts';
import type {BuildRequest} from './request.ts';
import {packageRoot, readRecipe, recipeBase} from './recipe.ts';
import {atMirror, formatReference, parseReference} from './reference.ts';

/** A base as an engine has it. */
interface Base {
  reference: string;
  id: string;
}

/** What is asked for: a base of one's own, or what the recipe pins. */
export const wantedBase = ({base, name, cuda}: BuildRequest): string =>
  base ?? recipeBase(readRecipe(packageRoot(), name), cuda);

/** Whether the name of the base says what it is, wherever it is pulled. */
export const isPinned = (request: BuildRequest): boolean =>
  parseReference(wantedBase(request)).digest !== undefined;

/**
 * What stands for the base in the hash of the inputs. A digest says it without the base being there; else it is
 * the id that the name has on this engine, where it is pulled when it is missing.
 */
export const baseKey = async (request: BuildRequest): Promise<string> =>
  parseReference(wantedBase(request)).digest ?? (await ensureBase(request)).id;

/** The base on the engine, under a name that it has there; undefined when it would have to be pulled. */
export async function findBase(request: BuildRequest): Promise<Base | undefined> {
  const {wanted, mirror} = namesOf(request);
  for (const reference of mirror === undefined ? [wanted] : [wanted, mirror]) {
    const found = await request.images.inspect(reference);
    if (found) return {reference, id: found.id};
  }
  return undefined;
}

/** The base on the engine, pulled when it is missing. Throws `image_not_pulled`. */
export async function ensureBase(request: BuildRequest): Promise<Base> {
  const {images, progress, signal} = request;
  const found = await findBase(request);
  if (found) return found;
  const {full, mirror} = namesOf(request);
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

function namesOf(request: BuildRequest): {wanted: string; full: string; mirror?: string} {
  const wanted = wantedBase(request);
  const parsed = parseReference(wanted);
  const {registryPrefix} = request;
  return {
    wanted,
    full: formatReference(parsed),
    ...(registryPrefix !== undefined && {mirror: formatReference(atMirror(parsed, registryPrefix))}),
  };
}
