/**
 * A file that is not whole yet, and which parts of it are. Beside the data (`X.partial`) lie what it is to become
 * (`X.partial.json`) and a map (`X.partial.map`): for each piece, as a 64-bit number, the bytes at hand from its
 * first on. Any process can go on with it, from any hub that has the same content.
 */
import {writeSync} from 'node:fs';
import {open, readFile, rm, stat, writeFile, type FileHandle} from 'node:fs/promises';
import {z} from 'zod';
import {systemCode} from '../../base/errors.ts';
import {readJson} from '../../base/files.ts';
import {bytes, mib, type Bytes} from '../../base/units.ts';
import type {Claim} from './claim.ts';

const Becoming = z.object({id: z.string(), totalBytes: z.number(), pieceBytes: z.number().min(1)});
type Becoming = z.infer<typeof Becoming>;

/** One request's worth: long enough that asking costs nothing, short enough to hand to another hub. */
export const USUAL_PIECE = mib(32);

const ENTRY = 8;

const becomingFile = (path: string): string => `${path}.json`;
const mapFile = (path: string): string => `${path}.map`;

export async function removePartial(path: string): Promise<void> {
  // What it is to become goes first: without it, nobody takes the rest for anything.
  for (const each of [becomingFile(path), mapFile(path), path]) await rm(each, {force: true});
}

/** What a partial file is to become; undefined when there is none, or none that can be used. */
export async function readBecoming(path: string): Promise<Claim | undefined> {
  return (await readState(path))?.becoming;
}

/** Bytes at hand of a partial file; undefined when there is none. */
export async function partialBytes(path: string): Promise<Bytes | undefined> {
  const state = await readState(path);
  return state && bytes(state.done.reduce((sum, each) => sum + each, 0));
}

interface State {
  becoming: Becoming;
  done: Float64Array;
}

async function readState(path: string): Promise<State | undefined> {
  const becoming = await readJson(becomingFile(path), Becoming).catch(() => undefined);
  if (!becoming) return undefined;
  try {
    const [map, {size}] = await Promise.all([readFile(mapFile(path)), stat(path)]);
    const done = emptyMap(becoming);
    if (map.length !== done.length * ENTRY) return undefined;
    done.forEach((_, piece) => {
      const said = Number(map.readBigUInt64LE(piece * ENTRY));
      // A map that says more than the data has is not believed.
      const there = Math.max(0, size - piece * becoming.pieceBytes);
      done[piece] = Math.min(said, there, pieceLength(becoming, piece));
    });
    return {becoming, done};
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const emptyMap = ({totalBytes, pieceBytes}: Becoming): Float64Array =>
  new Float64Array(Math.ceil(totalBytes / pieceBytes));

const pieceLength = ({totalBytes, pieceBytes}: Becoming, piece: number): number =>
  Math.min(pieceBytes, totalBytes - piece * pieceBytes);

/** A part to fetch: bytes `start` to `end` (exclusive) of one piece. */
export interface Gap {
  piece: number;
  start: number;
  end: number;
}

/** The file, open for writing. */
export class PartialFile implements AsyncDisposable {
  readonly #becoming: Becoming;
  readonly #data: FileHandle;
  readonly #map: FileHandle;
  readonly #done: Float64Array;
  readonly #taken = new Set<number>();
  readonly #entry = Buffer.alloc(ENTRY);
  #haveBytes: number;

  private constructor(state: State, data: FileHandle, map: FileHandle) {
    this.#becoming = state.becoming;
    this.#done = state.done;
    this.#data = data;
    this.#map = map;
    this.#haveBytes = state.done.reduce((sum, each) => sum + each, 0);
  }

  /** Goes on with what is there if it is to become the same; else begins anew. */
  static async open(path: string, claim: Claim, pieceBytes: number): Promise<PartialFile> {
    const found = await readState(path);
    const same = found?.becoming.id === claim.id && found.becoming.totalBytes === claim.totalBytes;
    const state = same ? found : await create(path, {...claim, pieceBytes});
    const data = await open(path, 'r+');
    try {
      return new PartialFile(state, data, await open(mapFile(path), 'r+'));
    } catch (error) {
      await data.close();
      throw error;
    }
  }

  get totalBytes(): number {
    return this.#becoming.totalBytes;
  }

  get haveBytes(): number {
    return this.#haveBytes;
  }

  get whole(): boolean {
    return this.#haveBytes === this.totalBytes;
  }

  /** Takes the first part that is missing and nobody has taken. Give it back with `release`. */
  take(): Gap | undefined {
    const piece = this.#done.findIndex((_, index) => this.#free(index));
    return piece < 0 ? undefined : this.#takePiece(piece);
  }

  /** Takes the part that follows this one, if nobody has. */
  takeAfter({piece}: Gap): Gap | undefined {
    return this.#free(piece + 1) ? this.#takePiece(piece + 1) : undefined;
  }

  get hasFree(): boolean {
    return this.#done.some((_, index) => this.#free(index));
  }

  release({piece}: Gap): void {
    this.#taken.delete(piece);
  }

  /**
   * Writes what follows next in a part. Synchronous: in the page cache it costs less than the way through
   * the thread pool. Whoever comes after a `kill -9` knows of it once it is on record.
   */
  append({piece}: Gap, content: Uint8Array): void {
    const {pieceBytes} = this.#becoming;
    const before = this.#done[piece] ?? 0;
    for (let done = 0; done < content.length;) {
      const at = piece * pieceBytes + before + done;
      done += writeSync(this.#data.fd, content, done, content.length - done, at);
    }
    this.#done[piece] = before + content.length;
    this.#haveBytes += content.length;
  }

  /** Puts on the map what was written of a part. */
  record({piece}: Gap): void {
    this.#entry.writeBigUInt64LE(BigInt(this.#done[piece] ?? 0));
    writeSync(this.#map.fd, this.#entry, 0, ENTRY, piece * ENTRY);
  }

  /** Until the data survives a power cut. */
  sync(): Promise<void> {
    return this.#data.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#data.close();
    await this.#map.close();
  }

  #free(piece: number): boolean {
    const done = this.#done[piece];
    return done !== undefined && done < pieceLength(this.#becoming, piece) && !this.#taken.has(piece);
  }

  #takePiece(piece: number): Gap {
    this.#taken.add(piece);
    const first = piece * this.#becoming.pieceBytes;
    return {
      piece,
      start: first + (this.#done[piece] ?? 0),
      end: first + pieceLength(this.#becoming, piece),
    };
  }
}

async function create(path: string, becoming: Becoming): Promise<State> {
  await removePartial(path);
  const done = emptyMap(becoming);
  for (const [each, size] of [
    [path, 0],
    [mapFile(path), done.length * ENTRY],
  ] as const) {
    await using file = await open(each, 'w', 0o644);
    await file.truncate(size);
  }
  // Not synced: that would wait for whatever else this disk has to write. Cut short, it says nothing, and all begins anew.
  await writeFile(becomingFile(path), JSON.stringify(becoming));
  return {becoming, done};
}
