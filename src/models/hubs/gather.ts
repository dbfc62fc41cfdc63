import type {Gap, PartialFile} from './partial.ts';

/** Bytes that are written at once when they come fast. */
const MOST = 2 ** 20;
/** Milliseconds: what comes slower is written as it comes, so that hardly a byte is lost with the process. */
const LONGEST = 20;

/** Gathers what comes of a part into writes that are worth a system call. Flush it at the end, whatever the end is. */
export class Gather {
  readonly #partial: PartialFile;
  #gap: Gap;
  #buffer: Buffer | undefined;
  #length = 0;
  #flushedAt = -Infinity;

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

  append(content: Uint8Array): void {
    const slow = performance.now() - this.#flushedAt >= LONGEST;
    if (slow || this.#length + content.length > MOST) this.flush();
    if (slow || content.length > MOST) {
      this.#partial.append(this.#gap, content);
      this.#flushedAt = performance.now();
      return;
    }
    this.#buffer ??= Buffer.allocUnsafeSlow(MOST);
    this.#buffer.set(content, this.#length);
    this.#length += content.length;
  }

  flush(): void {
    if (!this.#buffer || this.#length === 0) return;
    const gathered = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    this.#partial.append(this.#gap, gathered);
    this.#flushedAt = performance.now();
  }
}
