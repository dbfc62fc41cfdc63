import {BerthError} from '../base/errors.ts';
import type {Images} from '../hosts/index.ts';
import {findBase} from './base.ts';
import {buildImage, planImage} from './build.ts';
import type {BuildRequest} from './request.ts';
import {sendImage} from './send/send.ts';

export interface EnsureRequest extends Omit<BuildRequest, 'images'> {
  /** The engine of the host that will run it. */
  target: Images;
  /** This machine's own engine, when the target is another; undefined where there is none. */
  local?: Images;
}

export interface EnsuredImage {
  reference: string;
  /** On the target. */
  id: string;
  how: 'found' | 'sent' | 'built';
}

/**
 * Sees to it that a host has a serving image: it is there, or this machine's Docker has it and it is sent, or it is
 * built: here and sent when only here is the base, else on the host.
 */
export async function ensureImage(request: EnsureRequest): Promise<EnsuredImage> {
  const {target, local: maybeLocal, cache, progress, signal, ...rest} = request;
  const more = {cache, progress, ...(signal && {signal})};
  const local = await sameKind(maybeLocal, target);
  const on = (images: Images): BuildRequest => ({...rest, ...more, images});

  // A base without a digest is known by its id: ask who has it before anybody pulls it.
  const baseIsHere = local !== undefined && (await hasBase(on(local))) && !(await hasBase(on(target)));
  const planned = await planImage(on(baseIsHere ? local : target));
  const {reference} = planned;
  const found = await target.inspect(reference);
  if (found) {
    progress({id: 'image', status: 'skipped', say: (t) => t.images.unchanged({reference})});
    return {reference, id: found.id, how: 'found'};
  }
  if (local && (baseIsHere || (await local.inspect(reference)))) {
    await buildImage(on(local));
    const {id} = await sendImage({reference, from: local, to: target, ...more});
    return {reference, id, how: 'sent'};
  }
  const {id} = await buildImage(on(target));
  return {reference, id, how: 'built'};
}

const hasBase = async (request: BuildRequest): Promise<boolean> => (await findBase(request)) !== undefined;

/** This machine's engine, when it runs and builds for machines like the target. */
async function sameKind(local: Images | undefined, target: Images): Promise<Images | undefined> {
  if (!local) return undefined;
  const there = await target.platform();
  try {
    const here = await local.platform();
    return here.arch === there.arch && here.os === there.os ? local : undefined;
  } catch (error) {
    // No Docker here: the host builds for itself.
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}
