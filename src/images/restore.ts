import {BerthError} from '../base/errors.ts';
import type {OwnImage} from '../hosts/index.ts';
import {ensureImage, nameImage, sameKind, type EnsureRequest} from './ensure.ts';
import {imageTag} from './inputs.ts';
import {sendImage} from './send/send.ts';

export interface RestoreRequest extends EnsureRequest {
  /** What the image of an earlier release is called. */
  reference: string;
}

/**
 * Sees to it that the very image of an earlier release is on its host, under its name. Where only the name was taken
 * away it is given back; where the image is gone it is sent from this machine, or built if this Berth still builds
 * the same. Throws `release_image_gone`.
 */
export async function restoreImage(request: RestoreRequest): Promise<void> {
  const {reference, target, local, cache, progress, signal} = request;
  if (await target.inspect(reference)) return;
  const nameless = whoseNameWas(reference, await target.list());
  if (nameless) {
    await target.tag(nameless.id, reference);
    progress({id: 'image', status: 'done', say: (t) => t.images.namedAgain({reference})});
    return;
  }
  if ((await nameImage(request)) === reference) {
    await ensureImage(request);
    return;
  }
  const here = await sameKind(local, target);
  if (!here || !(await here.inspect(reference))) throw gone(reference);
  await sendImage({reference, from: here, to: target, cache, progress, ...(signal && {signal})});
}

/**
 * An image's name is made of what it was built from, which it carries as a label. One that has another name may be
 * somebody's own, built from it: that inherits the labels.
 */
export const whoseNameWas = (reference: string, images: readonly OwnImage[]): OwnImage | undefined =>
  images.find(
    ({name, inputs, references}) => references.length === 0 && imageTag(name, inputs) === reference,
  );

const gone = (reference: string): BerthError =>
  new BerthError({
    code: 'release_image_gone',
    what: (t) => t.images.gone({reference}),
    why: (t) => t.images.goneWhy(),
    try: ['berth deploy', 'berth releases'],
    details: {reference},
  });
