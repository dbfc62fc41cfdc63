import {styleText} from 'node:util';
import type {FrameLine} from './frame.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CTRL_C = '\u0003';
const ESCAPE = '\u001b';
/** Four frames a second at most, however fast a window is dragged. */
const LEAST_MS = 250;

type Input = Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause' | 'unref'>;
type Output = Pick<NodeJS.WriteStream, 'write' | 'on' | 'off' | 'columns' | 'rows'>;

export interface ScreenOptions {
  input: Input;
  output: Output;
  /** The lines now, for a window of this size. */
  lines: (size: {columns: number; rows: number}) => readonly FrameLine[];
  /** Somebody typed `q`, Escape or Ctrl-C. */
  onEnd: (how: 'quit' | 'interrupt') => void;
}

/**
 * A picture of its own that leaves the terminal as it was: in the alternate screen, without a cursor, with keys read
 * one by one. Disposing restores all three.
 */
export class Screen implements Disposable {
  readonly #options: ScreenOptions;
  #drawnAt = -LEAST_MS;
  #timer: NodeJS.Timeout | undefined;
  #open = true;

  constructor(options: ScreenOptions) {
    this.#options = options;
    const {input, output} = options;
    output.write(ENTER);
    output.on('resize', this.draw);
    if (input.isTTY) {
      input.setRawMode(true);
      input.on('data', this.#hear).resume();
    }
  }

  /** Draws as soon as the last picture is old enough. */
  readonly draw = (): void => {
    if (!this.#open || this.#timer) return;
    const wait = this.#drawnAt + LEAST_MS - performance.now();
    if (wait <= 0) this.#paint();
    else this.#timer = setTimeout(this.#paint, wait);
  };

  readonly #paint = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#open) return;
    this.#drawnAt = performance.now();
    const {output, lines} = this.#options;
    const {columns, rows} = output;
    const drawn = lines({columns, rows}).map(
      (line) =>
        line.map(({text, style}) => (style === undefined ? text : styleText(style, text))).join('') +
        CLEAR_LINE,
    );
    // One write, over what was there: nothing flickers.
    output.write(`${HOME}${drawn.join('\r\n')}${CLEAR_BELOW}`);
  };

  readonly #hear = (data: Buffer | string): void => {
    const keys = data.toString();
    if (keys.includes(CTRL_C)) this.#options.onEnd('interrupt');
    else if (keys === ESCAPE || /^[qQ]/.test(keys)) this.#options.onEnd('quit');
  };

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#timer);
    const {input, output} = this.#options;
    output.off('resize', this.draw);
    if (input.isTTY) {
      input.off('data', this.#hear).pause();
      input.setRawMode(false);
      input.unref();
    }
    output.write(LEAVE);
  }
}
