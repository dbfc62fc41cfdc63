import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import type {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {pack as openPack, type Pack} from 'tar-stream';
import {z} from 'zod';
import {LABELS} from '../../hosts/index.ts';

/** Configuration of an image: of what is in it, only what an image needs that holds a part of the layers. */
const configSchema = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  rootfs: z.object({type: z.string(), diff_ids: z.array(z.string())}),
});

/** A layer of the image: its digest, and where its content is when it has to be moved. */
export interface LayerFile {
  digest: string;
  path?: string;
}

export interface ImageArchive {
  config: Buffer;
  tag: string;
  /** All its layers. Those without a path are left out: the engine has them. */
  layers: readonly LayerFile[];
}

/** A configuration of its own for the lowest `count` layers, so that an engine keeps them under a name. */
export function partialConfig(config: Buffer, count: number, imageId: string): Buffer {
  const {architecture, os, rootfs} = configSchema.parse(JSON.parse(config.toString('utf8')));
  const part = {
    architecture,
    os,
    config: {Labels: {[LABELS.partOf]: imageId}},
    rootfs: {...rootfs, diff_ids: rootfs.diff_ids.slice(0, count)},
    history: [],
  };
  return Buffer.from(JSON.stringify(part));
}

/**
 * What `docker load` takes. An engine with graph drivers looks for a layer by what it is (its digest and those
 * below it) before it opens the layer's file, so files of layers that it has can be left out.
 */
export function imageArchive(archive: ImageArchive, moved: (bytes: number) => void): Readable {
  const tar = openPack();
  void fill(tar, archive, moved).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return tar;
}

async function fill(
  tar: Pack,
  {config, tag, layers}: ImageArchive,
  moved: (bytes: number) => void,
): Promise<void> {
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  const names = layers.map(({digest}, at) => `${at}-${digest.replace('sha256:', '')}/layer.tar`);
  const manifest = [{Config: configName, RepoTags: [tag], Layers: names}];
  tar.entry({name: configName}, config);
  tar.entry({name: 'manifest.json'}, JSON.stringify(manifest));
  for (const [at, {path}] of layers.entries()) {
    const name = names[at];
    if (path === undefined || name === undefined) continue;
    const {size} = await stat(path);
    const content = createReadStream(path).on('data', (chunk) => moved(chunk.length));
    await pipeline(content, tar.entry({name, size}));
  }
}
