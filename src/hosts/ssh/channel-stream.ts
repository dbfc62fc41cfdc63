import {Duplex} from 'node:stream';
import type {ClientChannel} from 'ssh2';

/** How a program ended, and the end of what it wrote to stderr. */
export interface ProgramEnd {
  code: number | null;
  stderr: string;
}

export interface ChannelStreamOptions {
  /** A program is at the other end: the stream ends when the program does, not with its last byte. */
  program?: boolean;
  /** Makes the stream's error of a program's failure; without it, the stream just ends. */
  failure?: (ended: ProgramEnd) => Error;
  /** Called once, when the stream is closed for whatever reason. */
  onClose?: () => void;
}

/** Bytes of a program's stderr that are kept for its error. */
const KEPT_STDERR = 8192;

type Done = (error?: Error | null) => void;

/**
 * A channel as an ordinary stream. The library's own stream never reports an error, does not close when it is
 * destroyed, and leaves a write unanswered for ever when the channel is gone; HTTP clients rely on all three.
 */
export class ChannelStream extends Duplex {
  readonly #channel: ClientChannel;
  readonly #options: ChannelStreamOptions;
  #closed = false;
  #writing: Done | undefined;
  #stderr = '';

  constructor(channel: ClientChannel, options: ChannelStreamOptions = {}) {
    super({allowHalfOpen: true});
    this.#channel = channel;
    this.#options = options;
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-KEPT_STDERR);
    });
    // A program says how it ended after its last byte; to close the channel before would be not to hear it.
    if (!options.program) channel.on('end', () => this.#end());
    // The event `exit` may be over before anybody can listen; this one waits for its reader, and has the code too.
    channel.on('close', (code?: number | null) => this.#onClose(code));
    channel.on('error', (error: Error) => this.destroy(error));
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    // The library ends its side as soon as the other end has closed, before anybody is told.
    if (this.#closed || !this.#channel.writable) {
      // A program that did not want its input has its exit code to say why.
      done(this.#options.program ? null : new Error('the other end has closed the channel'));
      return;
    }
    this.#writing = done;
    this.#channel.write(chunk, (error) => {
      this.#written(error);
    });
  }

  override _final(done: Done): void {
    if (!this.#closed) this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#closed = true;
    this.#written();
    this.#channel.close();
    // What still comes is thrown away, or the channel would never be done.
    this.#channel.resume();
    this.#options.onClose?.();
    done(error);
  }

  #written(error?: Error | null): void {
    const done = this.#writing;
    this.#writing = undefined;
    done?.(error);
  }

  #end(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  #onClose(code: number | null | undefined): void {
    this.#closed = true;
    this.#written();
    if (this.destroyed) return;
    const failure = code === 0 || code === undefined ? undefined : this.#options.failure;
    if (failure) {
      this.destroy(failure({code: code ?? null, stderr: this.#stderr}));
      return;
    }
    if (this.readableEnded) {
      this.destroy();
      return;
    }
    this.once('end', () => this.destroy());
    this.#end();
  }
}
