import type {Gap, PartialFile} from './partial.ts';

/** Bytes that are put on record at once when they come fast. */
const MOST = 2 ** 20;
/** Bytes; pieces as long as this are worth a system call of their own, and are not copied first. */
const LONG = 2 ** 15;
/** Milliseconds: what comes slower is on record as it comes, so that hardly a byte is lost with the process. */
const LONGEST = 20;

/** Gathers what comes of a part into writes that are worth a system call. Flush it at the end, whatever the end is. */
export class Gather {
  readonly #partial: PartialFile;
  #gap: Gap;
  #buffer: Buffer | undefined;
  #length = 0;
  /** Bytes that are written but not on record. */
  #unrecorded = 0;
  #recordedAt = -Infinity;

  constructor(partial: PartialFile, gap: Gap) {
    this.#partial = partial;
    this.#gap = gap;
  }

  /** The part that is being filled. */
  get gap(): Gap {
    return this.#gap;
  }

  /** Goes on with another part; what was gathered of the one before is written first. */
  goOn(gap: Gap): void {
    this.flush();
    this.#gap = gap;
  }

  /** Keeps nothing of `content` itself: the caller may do with it what it likes. */
  append(content: Uint8Array): void {
    if (content.length >= LONG || this.#length + content.length > MOST) this.#write();
    if (content.length >= LONG) {
      this.#partial.append(this.#gap, content);
      this.#unrecorded += content.length;
    } else {
      this.#buffer ??= Buffer.allocUnsafeSlow(MOST);
      this.#buffer.set(content, this.#length);
      this.#length += content.length;
    }
    if (this.#unrecorded + this.#length >= MOST || performance.now() - this.#recordedAt >= LONGEST)
      this.flush();
  }

  /** Writes and puts on record all that came. */
  flush(): void {
    this.#write();
    if (this.#unrecorded === 0) return;
    this.#partial.record(this.#gap);
    this.#unrecorded = 0;
    this.#recordedAt = performance.now();
  }

  #write(): void {
    if (!this.#buffer || this.#length === 0) return;
    const gathered = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    this.#partial.append(this.#gap, gathered);
    this.#unrecorded += gathered.length;
  }
}
