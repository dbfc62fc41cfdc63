import type {OwnImage} from '../hosts/index.ts';

/** What an image is looked for by. */
interface Wanted {
  name: string;
  /** Its tag, from the hash of all that goes in. */
  reference: string;
  /** Hash of all that goes in but the base. */
  code: string;
}

/** An image that is there already. */
interface Chosen {
  reference: string;
  id: string;
  /** What it was built from, as it was asked for then. */
  base: string;
}

/**
 * Decides which of an engine's images will do: the very one, else, where nobody asks for a base, the newest that
 * holds the same on another one. The images come newest first.
 */
export function chooseImage(
  images: readonly OwnImage[],
  {name, reference, code}: Wanted,
  anyBase: boolean,
): Chosen | undefined {
  const exact = images.find(({references}) => references.includes(reference));
  if (exact) return {reference, id: exact.id, base: exact.base};
  if (!anyBase) return undefined;
  for (const image of images) {
    const [called] = image.references;
    if (image.name === name && image.code === code && called !== undefined) {
      return {reference: called, id: image.id, base: image.base};
    }
  }
  return undefined;
}
