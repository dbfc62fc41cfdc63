import {readFileSync, statSync} from 'node:fs';
import {describeError, systemCode} from '../base/errors.ts';

export interface FollowedFileOptions<T> {
  /** Absolute path. */
  file: string;
  /** What the file's `schema` must be. Whoever wrote it checked the rest. */
  schema: string;
  /** Hears each version of it that is read. */
  onRead: (content: T) => void;
  say: (line: string) => void;
}

/** A file of JSON that a deploy replaces in one step, read anew when it has changed. */
export class FollowedFile<T> {
  readonly #options: FollowedFileOptions<T>;
  #content: T | undefined;
  #seen: string | undefined;

  constructor(options: FollowedFileOptions<T>) {
    this.#options = options;
  }

  /** As it is now; undefined while there is none. One that is damaged changes nothing: what it said before holds. */
  read(): T | undefined {
    const seen = this.#stamp();
    if (seen === this.#seen) return this.#content;
    this.#seen = seen;
    if (seen === undefined) {
      this.#content = undefined;
      return undefined;
    }
    const {file, schema, onRead, say} = this.#options;
    try {
      const content = JSON.parse(readFileSync(file, 'utf8')) as T & {schema?: string};
      if (content.schema !== schema) throw new Error('it is of another version');
      this.#content = content;
      onRead(content);
    } catch (error) {
      say(`${file}: ${describeError(error)}`);
    }
    return this.#content;
  }

  /** Tells one version of the file from the next. */
  #stamp(): string | undefined {
    const {file, say} = this.#options;
    try {
      const {ino, mtimeMs} = statSync(file);
      return `${ino} ${mtimeMs}`;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') say(`${file}: ${describeError(error)}`);
      return undefined;
    }
  }
}
