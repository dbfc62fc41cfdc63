import {BerthError} from '../base/errors.ts';
import type {Images} from '../hosts/index.ts';
import {findBase, isPinned, wantedBase} from './base.ts';
import {buildImage, planImage} from './build.ts';
import {chooseImage} from './choose.ts';
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
  /** What it stands on, as it was asked for when it was built. */
  base: string;
  how: 'found' | 'sent' | 'built';
}

/**
 * Sees to it that a host has a serving image: it is there, or this machine's Docker has it and it is sent, or it is
 * built: here and sent when only here is the base, else on the host. Where no base (nor CUDA line) is asked for, an
 * image that holds the same on another base is as good: whoever built it has chosen the base then.
 */
export async function ensureImage(request: EnsureRequest): Promise<EnsuredImage> {
  const {target, local: maybeLocal, cache, progress, signal, ...rest} = request;
  const more = {cache, progress, ...(signal && {signal})};
  const on = (images: Images): BuildRequest => ({...rest, ...more, images});
  const anyBase = rest.base === undefined && rest.cuda === undefined;
  const atHome = async (): Promise<{local?: Images; hasTheBase: boolean}> => {
    const local = await sameKind(maybeLocal, target);
    const hasTheBase = local !== undefined && (await hasBase(on(local))) && !(await hasBase(on(target)));
    return {...(local && {local}), hasTheBase};
  };

  // A base without a digest is known by its id: ask who has it before anybody pulls it.
  const asked = isPinned(on(target)) ? undefined : await atHome();
  const planner = asked?.hasTheBase ? asked.local : undefined;
  const [planned, there] = await Promise.all([planImage(on(planner ?? target)), target.list()]);
  const found = chooseImage(there, planned, anyBase);
  if (found) {
    progress({id: 'image', status: 'skipped', say: (t) => t.images.unchangedOn(found)});
    return {...found, how: 'found'};
  }
  const {local, hasTheBase} = asked ?? (await atHome());
  const ready = local && chooseImage(await local.list(), planned, anyBase);
  if (local && (ready || hasTheBase)) {
    const {reference, base} = ready ?? (await buildImage(on(local)));
    if (ready) progress({id: 'image', status: 'skipped', say: (t) => t.images.unchangedOn(ready)});
    const {id} = await sendImage({reference, from: local, to: target, ...more});
    return {reference, id, base, how: 'sent'};
  }
  const {reference, id, base} = await buildImage(on(target));
  return {reference, id, base, how: 'built'};
}

/**
 * What `ensureImage` would call it: nothing is pulled, built or sent. A base without a digest that is on neither
 * machine would have to be pulled to know, so the digits are left open.
 */
export async function nameImage({target, local: maybeLocal, ...rest}: EnsureRequest): Promise<string> {
  const there = {...rest, images: target};
  const anyBase = rest.base === undefined && rest.cuda === undefined;
  const known = isPinned(there) || (await hasBase(there));
  const local = known ? undefined : await sameKind(maybeLocal, target);
  const here = local && {...rest, images: local};
  if (!known && !(here && (await hasBase(here)))) {
    return `berth/${rest.name}:(known once ${wantedBase(there)} is there)`;
  }
  const planned = await planImage(here ?? there);
  return chooseImage(await target.list(), planned, anyBase)?.reference ?? planned.reference;
}

const hasBase = async (request: BuildRequest): Promise<boolean> => (await findBase(request)) !== undefined;

/** This machine's engine, when it runs and builds for machines like the target. */
export async function sameKind(local: Images | undefined, target: Images): Promise<Images | undefined> {
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
