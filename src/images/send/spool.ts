import {createWriteStream} from 'node:fs';
import {link, mkdir, readFile, rm, stat} from 'node:fs/promises';
import {dirname, join, normalize} from 'node:path';
import type {PassThrough, Readable} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import {pipeline} from 'node:stream/promises';
import {constants, createGzip} from 'node:zlib';
import {extract, type Headers} from 'tar-stream';
import {z} from 'zod';
import {readJson, writeJson} from '../../base/files.ts';
import type {LayerFile} from './archive.ts';

/** A saved image on this machine's disk, with its layers compressed, until it has been sent. */
export interface Spool {
  config: Buffer;
  /** All its layers, the lowest first; those that were not asked for have no path. */
  layers: readonly LayerFile[];
}

const manifestSchema = z.tuple([z.object({Config: z.string(), Layers: z.array(z.string())})]);
const indexSchema = z.object({
  schema: z.literal('berth.image-spool/1'),
  layers: z.array(z.object({digest: z.string(), file: z.string().exactOptional()})),
});

const CONFIG = 'config.json';
const INDEX = 'spool.json';
/** A file that is larger than any description, and smaller than a layer worth the trouble. */
const DESCRIPTION_BYTES = 4 * 1024 ** 2;

/** The spool of an earlier try, when it is whole and has all layers from `first` on. */
export async function openSpool(folder: string, first: number): Promise<Spool | undefined> {
  const index = await readJson(join(folder, INDEX), indexSchema);
  if (!index || index.layers.slice(first).some(({file}) => file === undefined)) return undefined;
  return {
    config: await readFile(join(folder, CONFIG)),
    layers: index.layers.map(({digest, file}) => ({
      digest,
      ...(file !== undefined && {path: join(folder, file)}),
    })),
  };
}

/**
 * Writes what `docker save` streams to disk: the configuration, and the layers from `first` on, compressed. The
 * stream says only at its end which file is which layer, so all are written, and those below are removed again.
 */
export async function fillSpool(
  folder: string,
  saved: NodeJS.ReadableStream,
  digests: readonly string[],
  first: number,
): Promise<Spool> {
  await rm(folder, {recursive: true, force: true});
  await mkdir(folder, {recursive: true});
  const descriptions = new Map<string, Buffer>();
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  const tar = extract();
  tar.on('entry', (header, content, next) => {
    keep(header, content).then(() => next(), next);
  });
  await pipeline(saved, tar);

  async function keep({name, type, size = 0, linkname}: Headers, content: PassThrough): Promise<void> {
    if (type === 'symlink' && typeof linkname === 'string')
      links.set(name, normalize(join(dirname(name), linkname)));
    if (type !== 'file') {
      content.resume();
    } else if (/(^|\/)layer\.tar$/.test(name) || size > DESCRIPTION_BYTES) {
      const file = `${files.size}.layer`;
      files.set(name, file);
      await compress(content, join(folder, file));
    } else {
      descriptions.set(name, await buffer(content));
    }
  }

  const [{Config, Layers}] = manifestSchema.parse(JSON.parse(text(descriptions, 'manifest.json')));
  const layers = await Promise.all(
    digests.map(async (digest, at): Promise<z.infer<typeof indexSchema>['layers'][number]> => {
      if (at < first) return {digest};
      const name = Layers[at] ?? '';
      const file = `${at}.tar.gz`;
      await putInPlace(links.get(name) ?? name, join(folder, file));
      return {digest, file};
    }),
  );
  await Promise.all([...files.values()].map((file) => rm(join(folder, file), {force: true})));
  await pipeline([descriptions.get(Config) ?? Buffer.of()], createWriteStream(join(folder, CONFIG)));
  await writeJson(join(folder, INDEX), {schema: 'berth.image-spool/1', layers} satisfies z.infer<
    typeof indexSchema
  >);
  const spool = await openSpool(folder, first);
  if (!spool) throw new Error(`what was saved lacks layers: ${JSON.stringify(Layers)}`);
  return spool;

  async function putInPlace(name: string, path: string): Promise<void> {
    const file = files.get(name);
    const small = descriptions.get(name);
    if (file !== undefined) await link(join(folder, file), path);
    else if (small) await pipeline([small], createWriteStream(path));
    else throw new Error(`what was saved lacks ${name}`);
  }
}

function text(descriptions: ReadonlyMap<string, Buffer>, name: string): string {
  const found = descriptions.get(name);
  if (!found) throw new Error(`what was saved lacks ${name}`);
  return found.toString('utf8');
}

/** Fast rather than small: most networks between a laptop and its host are faster than the best compression. */
async function compress(content: Readable, path: string): Promise<void> {
  const chunks = content[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  const first = await chunks.next();
  const target = createWriteStream(path, {mode: 0o600});
  const whole = async function* (): AsyncGenerator<Buffer> {
    if (first.done !== true) yield first.value;
    yield* chunks;
  };
  // Where containerd keeps the images, layers are saved as they came from the registry.
  if (first.done !== true && isCompressed(first.value)) await pipeline(whole, target);
  else await pipeline(whole, createGzip({level: constants.Z_BEST_SPEED}), target);
}

/** Begins as gzip or zstd do. A tar begins with a file name. */
const isCompressed = (start: Buffer): boolean =>
  (start[0] === 0x1f && start[1] === 0x8b) || start.readUInt32LE(0) === 0xfd2fb528;

export const fileBytes = async (path: string | undefined): Promise<number> =>
  path === undefined ? 0 : (await stat(path)).size;
