import {BerthError} from '../base/errors.ts';
import type {Images} from '../hosts/index.ts';

/** The image of this name that was built last. Throws `image_missing`. */
export async function newestImage(images: Images, name: string): Promise<string> {
  const found = (await images.list()).find((image) => image.name === name && image.references.length > 0);
  const [reference] = found?.references ?? [];
  if (reference !== undefined) return reference;
  throw new BerthError({
    code: 'image_missing',
    what: (t) => t.images.neverBuilt({name}),
    try: [`berth image build ${name}`],
    details: {name},
  });
}
