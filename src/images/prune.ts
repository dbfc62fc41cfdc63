import type {Images, OwnImage} from '../hosts/index.ts';

export interface PrunedImages {
  removed: readonly {reference: string; totalBytes: number}[];
  kept: readonly {reference: string; why: KeptBecause}[];
}

/** A container is made of it, a retained release names it, or it is the newest of its name. */
type KeptBecause = 'container' | 'release' | 'newest';

/**
 * Removes images that nothing needs any more, and parts of images that never arrived whole. `wanted` are references
 * that releases name.
 */
export async function pruneImages(images: Images, wanted: ReadonlySet<string>): Promise<PrunedImages> {
  const {remove, keep} = choosePrunable(await images.list(), wanted);
  const removed = [];
  for (const {id, references, totalBytes} of remove) {
    for (const reference of references.length > 0 ? references : [id]) {
      if (await images.remove(reference)) removed.push({reference, totalBytes});
    }
  }
  for (const reference of await images.listParts()) {
    if (await images.remove(reference)) removed.push({reference, totalBytes: 0});
  }
  return {
    removed,
    kept: keep.map(({image: {references, id}, why}) => ({reference: references[0] ?? id, why})),
  };
}

/** Decides. The images come newest first. */
export function choosePrunable(
  images: readonly OwnImage[],
  wanted: ReadonlySet<string>,
): {remove: readonly OwnImage[]; keep: readonly {image: OwnImage; why: KeptBecause}[]} {
  const seen = new Set<string>();
  const judged = images.map((image) => {
    const isNewest = !seen.has(image.name);
    seen.add(image.name);
    return {image, why: whyKept(image, wanted, isNewest)};
  });
  return {
    remove: judged.filter(({why}) => why === undefined).map(({image}) => image),
    keep: judged.flatMap(({image, why}) => (why === undefined ? [] : [{image, why}])),
  };
}

function whyKept(image: OwnImage, wanted: ReadonlySet<string>, isNewest: boolean): KeptBecause | undefined {
  if (image.containers.length > 0) return 'container';
  if (image.references.some((reference) => wanted.has(reference))) return 'release';
  return isNewest ? 'newest' : undefined;
}
