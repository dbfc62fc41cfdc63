import {formatBytes, formatDuration} from '../../../base/units.ts';
import {offsetOf, partsOf} from '../../zone.ts';
import {markup, type Markup} from './markup.ts';

/** A chart's inner box, in units of its view box. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const WIDTH = 720;

export const boxOf = (height: number, left = 64): Box => ({
  left,
  top: 8,
  width: WIDTH - left - 12,
  height: height - 32,
});

export interface TimeAxis {
  fromMs: number;
  untilMs: number;
  timeZone: string;
}

/** One decimal of a unit is finer than a pixel. */
export const px = (value: number): string => value.toFixed(1);

export const xIn =
  ({left, width}: Box, {fromMs, untilMs}: TimeAxis) =>
  (atMs: number): number =>
    left + Math.min(1, Math.max(0, (atMs - fromMs) / (untilMs - fromMs))) * width;

export const yIn =
  ({top, height}: Box, most: number) =>
  (value: number): number =>
    top + height - (most > 0 ? Math.min(1, Math.max(0, value / most)) * height : 0);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TIME_STEPS = [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE].concat(
  [1, 2, 3, 6, 12, 24, 48, 120, 240].map((hours) => hours * HOUR),
);
const MOST_TIME_TICKS = 8;

/** Round times of the axis's zone, at most eight. */
export function timeTicks({fromMs, untilMs, timeZone}: TimeAxis): {atMs: number; label: string}[] {
  const span = untilMs - fromMs;
  const step = TIME_STEPS.find((one) => span / one <= MOST_TIME_TICKS) ?? span / MOST_TIME_TICKS;
  const offset = offsetOf(timeZone, fromMs);
  const first = Math.ceil((fromMs + offset) / step) * step - offset;
  const count = Math.max(0, Math.floor((untilMs - first) / step) + 1);
  return Array.from({length: count}, (_, at) => {
    const atMs = first + at * step;
    const {month, day, hour, minute} = partsOf(timeZone, atMs);
    return {
      atMs,
      label:
        step >= 24 * HOUR || (hour === '00' && minute === '00') ? `${month}-${day}` : `${hour}:${minute}`,
    };
  });
}

/** Round values from zero that are not above `top`, five at most. `base` is 1024 for bytes. */
export function valueTicks(top: number, base: 10 | 1024 = 10): number[] {
  if (!(top > 0)) return [0];
  const unit = base === 10 ? 1 : 1024 ** Math.floor(Math.log(top) / Math.log(1024));
  const rough = top / unit / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * power >= rough) ?? 10) * power * unit;
  return Array.from({length: Math.floor(top / step + 1e-9) + 1}, (_, at) => at * step);
}

export const showBytes = (value: number): string =>
  value === 0 ? '0' : formatBytes(value).replace('.0 ', ' ');
export const showMs = (value: number): string =>
  value === 0 ? '0' : formatDuration(value).replace('.0 ', ' ');
export const showCount = (value: number): string => String(Math.round(value * 100) / 100);

/** Lines and labels of both axes. */
export function axes(
  box: Box,
  time: TimeAxis,
  {ticks, top, show}: {ticks: readonly number[]; top: number; show: (value: number) => string},
): Markup {
  const x = xIn(box, time);
  const y = yIn(box, top);
  const right = box.left + box.width;
  const bottom = box.top + box.height;
  return markup`<g class="axis" aria-hidden="true">
    ${ticks.map(
      (tick) =>
        markup`<line x1="${px(box.left)}" x2="${px(right)}" y1="${px(y(tick))}" y2="${px(y(tick))}"/><text x="${px(box.left - 6)}" y="${px(y(tick) + 4)}" text-anchor="end">${show(tick)}</text>`,
    )}
    ${timeTicks(time).map(
      ({atMs, label}) =>
        markup`<line class="tick" x1="${px(x(atMs))}" x2="${px(x(atMs))}" y1="${px(bottom)}" y2="${px(bottom + 4)}"/><text x="${px(x(atMs))}" y="${px(bottom + 17)}" text-anchor="${anchorOf(x(atMs), box)}">${label}</text>`,
    )}
  </g>`;
}

/** Labels at the edges stay inside the picture. */
const anchorOf = (x: number, {left, width}: Box): string =>
  x < left + 16 ? 'start' : x > left + width - 16 ? 'end' : 'middle';
