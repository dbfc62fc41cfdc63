import {styleText} from 'node:util';
import type {Clock} from '../../base/clock.ts';
import type {Progress, ProgressEvent} from '../../base/progress.ts';
import type {Texts} from '../../base/texts/index.ts';
import {formatDuration, type Duration} from '../../base/units.ts';
import {bar} from '../table.ts';
import {cutToWidth} from '../width.ts';
import {formatAmount, MARKS} from './format.ts';

interface Line {
  event: ProgressEvent;
  depth: number;
  started: Duration;
  ended: Duration | undefined;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

export interface LiveScreen {
  write(text: string): void;
  readonly columns: number;
  readonly rows: number;
}

/** A tree that is redrawn in place on a terminal. `end` leaves its last state on the screen. */
export function liveProgress(t: Texts, clock: Clock, screen: LiveScreen): {progress: Progress; end(): void} {
  const lines = new Map<string, Line>();
  let drawn = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = (last: boolean): void => {
    // What has scrolled out of the window cannot be redrawn, so only the end of a long tree stays live.
    const shown = [...lines.values()].slice(last ? 0 : -Math.max(1, screen.rows - 2));
    const up = drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : '';
    const body = shown
      .map((line) =>
        cutStyled(renderLine(line, t, clock, SPINNER[frame % SPINNER.length] ?? ''), screen.columns),
      )
      .join('\n');
    screen.write(`${up}${body}\n`);
    drawn = shown.length;
    frame++;
  };

  return {
    progress: (event) => {
      const known = lines.get(event.id);
      const ended = event.status === 'started' || event.status === 'running' ? undefined : clock.elapsed();
      const depth = event.parent === undefined ? 0 : (lines.get(event.parent)?.depth ?? -1) + 1;
      lines.set(event.id, {event, depth, started: known?.started ?? clock.elapsed(), ended});
      if (timer) return;
      screen.write(HIDE_CURSOR);
      draw(false);
      timer = setInterval(() => draw(false), FRAME_MS).unref();
    },
    end: () => {
      if (!timer) return;
      clearInterval(timer);
      timer = undefined;
      draw(true);
      screen.write(SHOW_CURSOR);
      lines.clear();
      drawn = 0;
    },
  };
}

interface Piece {
  text: string;
  style: Parameters<typeof styleText>[0];
}

function renderLine(line: Line, t: Texts, clock: Clock, spinner: string): Piece[] {
  const {event, depth} = line;
  const busy = line.ended === undefined;
  const spent = (line.ended ?? clock.elapsed()) - line.started;
  const amount = busy ? formatAmount(event) : undefined;
  const fraction = event.total ? (event.current ?? 0) / event.total : undefined;
  return [
    {text: '  '.repeat(depth), style: 'reset'},
    {text: busy ? spinner : MARKS[event.status], style: styleOf(event.status)},
    {text: ` ${event.say(t)}`, style: 'reset'},
    ...(busy && fraction !== undefined ? [{text: `  ${bar(fraction)}`, style: 'cyan' as const}] : []),
    ...(amount === undefined ? [] : [{text: `  ${amount}`, style: 'reset' as const}]),
    ...(spent >= 1000 ? [{text: `  ${formatDuration(spent)}`, style: 'dim' as const}] : []),
  ];
}

function styleOf(status: ProgressEvent['status']): Piece['style'] {
  switch (status) {
    case 'started':
    case 'running':
      return 'cyan';
    case 'done':
      return 'green';
    case 'skipped':
      return 'dim';
    case 'failed':
      return 'red';
    case 'warning':
      return 'yellow';
  }
}

/** Cuts before colouring, so that no escape sequence is cut in two. */
function cutStyled(pieces: readonly Piece[], columns: number): string {
  const whole = pieces.map(({text}) => text).join('');
  const fits = cutToWidth(whole, Math.max(10, columns - 1)) === whole;
  const shown = fits
    ? pieces
    : [{text: cutToWidth(whole, Math.max(10, columns - 1)), style: 'reset' as const}];
  return shown
    .map(({text, style}) => (style === 'reset' ? text : styleText(style, text, {stream: process.stderr})))
    .join('');
}
