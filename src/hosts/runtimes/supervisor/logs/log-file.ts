import {closeSync, fstatSync, openSync, renameSync, writeSync} from 'node:fs';
import {systemCode} from '../../../../base/errors.ts';

interface LogLimits {
  /** Size at which a file is put away. */
  fileBytes: number;
  /** Files kept, the current one included. */
  files: number;
}

const LOG_LIMITS: LogLimits = {fileBytes: 10 * 1024 ** 2, files: 3};

/**
 * A log that rotates by size: `x.log`, `x.log.1`, `x.log.2`. Each line begins with its time. Written
 * synchronously: a program that floods is slowed down by its full pipe instead of filling memory here.
 * A disk that is full costs log lines, never the service; the gap is noted once there is room again.
 */
export class LogFile {
  readonly #path: string;
  readonly #limits: LogLimits;
  #file: number | undefined;
  #size = 0;
  #lost = 0;

  constructor(path: string, limits: LogLimits = LOG_LIMITS) {
    this.#path = path;
    this.#limits = limits;
  }

  write(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const stamp = new Date().toISOString();
    const gap = this.#lost > 0 ? [`[${this.#lost} lines were lost: they could not be written]`] : [];
    const text = [...gap, ...lines].map((line) => `${stamp} ${line}\n`).join('');
    try {
      this.#append(Buffer.from(text));
      this.#lost = 0;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      this.#lost += lines.length;
      this.close();
    }
  }

  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    try {
      closeSync(file);
    } catch (error) {
      // A full disk may be reported only now; the lines were counted as lost or written.
      if (systemCode(error) === undefined) throw error;
    }
  }

  #append(text: Buffer): void {
    let file = this.#open();
    if (this.#size > 0 && this.#size + text.length > this.#limits.fileBytes) {
      this.#rotate();
      file = this.#open();
    }
    let written = 0;
    while (written < text.length) written += writeSync(file, text, written);
    this.#size += text.length;
  }

  #open(): number {
    if (this.#file === undefined) {
      this.#file = openSync(this.#path, 'a', 0o600);
      this.#size = fstatSync(this.#file).size;
    }
    return this.#file;
  }

  #rotate(): void {
    this.close();
    const name = (age: number): string => (age === 0 ? this.#path : `${this.#path}.${age}`);
    for (let age = this.#limits.files - 2; age >= 0; age--) {
      try {
        renameSync(name(age), name(age + 1));
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
  }
}
