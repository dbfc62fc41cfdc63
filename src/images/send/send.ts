import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {step, type Progress} from '../../base/progress.ts';
import {bytes, type Bytes} from '../../base/units.ts';
import type {ImageFacts, Images} from '../../hosts/index.ts';
import {imageArchive, partialConfig, type LayerFile} from './archive.ts';
import {fileBytes, fillSpool, openSpool, type Spool} from './spool.ts';

/** Layers are sent together until they are worth a call; each call that ends is progress that a cut does not undo. */
const WORTH_A_CALL: Bytes = bytes(8 * 1024 ** 2);

export interface SendRequest {
  reference: string;
  from: Images;
  to: Images;
  /** Folder for what can be made again. */
  cache: string;
  progress: Progress;
  signal?: AbortSignal;
}

export interface SentImage {
  reference: string;
  /** On the target. */
  id: string;
  layers: number;
  /** Layers that had to be moved this time. */
  movedLayers: number;
  /** Bytes of them on the wire. */
  movedBytes: number;
}

/**
 * Puts an image of one engine on another, moving only the layers that are missing there. Each part that arrives is
 * kept under a name of its own, so that after a cut the same call goes on from there. Verifies what arrived.
 */
export async function sendImage(request: SendRequest): Promise<SentImage> {
  const {reference, from, to, cache, progress} = request;
  const [source, there] = await Promise.all([from.inspect(reference), to.inspect(reference)]);
  if (!source) throw imageMissing(reference);
  const event = {
    id: 'image/send',
    parent: 'image',
    say: (t) => t.images.sending({reference}),
  } as const satisfies Parameters<typeof step>[1];
  if (there && sameContent(source, there)) {
    progress({...event, status: 'skipped'});
    return {reference, id: there.id, layers: there.layers.length, movedLayers: 0, movedBytes: 0};
  }
  await checkPlatform(source, to);
  return step(progress, event, async () => {
    const present = await to.layersPresent(source.layers);
    const folder = join(cache, 'sending', source.id.replace('sha256:', '').slice(0, 16));
    const spool =
      (await openSpool(folder, present)) ??
      (await step(
        progress,
        {id: 'image/save', parent: 'image/send', say: (t) => t.images.saving()},
        async () => fillSpool(folder, await from.save(reference), source.layers, present),
      ));
    const moved = await moveLayers(request, source, spool, present);
    const arrived = await to.inspect(reference);
    if (!arrived || !sameContent(source, arrived)) throw arrivedDamaged(reference);
    await rm(folder, {recursive: true, force: true});
    return {reference, id: arrived.id, layers: source.layers.length, ...moved};
  });
}

/** Loads the missing layers in groups, and last the image itself. */
async function moveLayers(
  {reference, to, progress, signal}: SendRequest,
  source: ImageFacts,
  spool: Spool,
  present: number,
): Promise<{movedLayers: number; movedBytes: number}> {
  const sizes = await Promise.all(spool.layers.map(({path}) => fileBytes(path)));
  const total = sizes.slice(present).reduce((all, size) => all + size, 0);
  let current = 0;
  const moved = (count: number): void => {
    current += count;
    progress({
      id: 'image/send',
      parent: 'image',
      status: 'running',
      say: (t) => t.images.sending({reference}),
      current,
      total,
      unit: 'bytes',
    });
  };
  let first = present;
  for (const end of groupEnds(sizes, present)) {
    const whole = end === spool.layers.length;
    const tag = whole ? reference : partName(source.id, end);
    const config = whole ? spool.config : partialConfig(spool.config, end, source.id);
    const layers = spool.layers
      .slice(0, end)
      .map(({digest, path}, at): LayerFile => (at < first || path === undefined ? {digest} : {digest, path}));
    await to.load(imageArchive({config, tag, layers}, moved), signal);
    first = end;
  }
  // The image holds the layers now. Parts of an earlier try have names from the same row.
  for (let end = 1; end < spool.layers.length; end++) await to.remove(partName(source.id, end));
  return {movedLayers: spool.layers.length - present, movedBytes: total};
}

/** How many layers, from the lowest, are there after each call; the last call makes the image itself. */
export function groupEnds(sizes: readonly number[], present: number): number[] {
  const ends: number[] = [];
  let waiting = 0;
  for (let at = present; at < sizes.length; at++) {
    waiting += sizes[at] ?? 0;
    if (waiting < WORTH_A_CALL || at === sizes.length - 1) continue;
    ends.push(at + 1);
    waiting = 0;
  }
  return [...ends, sizes.length];
}

const partName = (id: string, layers: number): string =>
  `berth/part:${id.replace('sha256:', '').slice(0, 12)}-${layers}`;

/** An id is that of the configuration or of the manifest, as the engine keeps images; layers are the same on all. */
const sameContent = (a: ImageFacts, b: ImageFacts): boolean =>
  a.id === b.id || a.layers.join() === b.layers.join();

async function checkPlatform({arch, references}: ImageFacts, to: Images): Promise<void> {
  const target = await to.platform();
  if (target.arch === arch && target.os === 'linux') return;
  throw new BerthError({
    code: 'image_other_platform',
    what: (t) => t.images.otherPlatform({reference: references[0] ?? '', arch, target: target.arch}),
    try: ['berth image build NAME --host HOST'],
    exit: ExitCode.usage,
    details: {arch, targetArch: target.arch, targetOs: target.os},
  });
}

const imageMissing = (reference: string): BerthError =>
  new BerthError({
    code: 'image_missing',
    what: (t) => t.images.missing({reference}),
    try: ['berth image ls', 'berth image build all'],
    details: {reference},
  });

const arrivedDamaged = (reference: string): BerthError =>
  new BerthError({
    code: 'image_damaged',
    what: (t) => t.images.arrivedDamaged({reference}),
    try: ['berth image prune', 'berth image send NAME HOST'],
    details: {reference},
  });
