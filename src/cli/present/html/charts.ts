import {axes, boxOf, px, showBytes, valueTicks, WIDTH, xIn, yIn, type Box, type TimeAxis} from './axes.ts';
import {markup, type Markup} from './markup.ts';

/** What a chart says to those who cannot see it. */
export interface ChartText {
  id: string;
  title: string;
  description: string;
}

/** A stretch of time in which every step has a value. */
export interface Step {
  atMs: number;
  value: number;
}

function picture({id, title, description}: ChartText, height: number, inner: readonly Markup[]): Markup {
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-title ${id}-text">
    <title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>
    ${inner}
  </svg>`;
}

/** Steps that follow one another, apart from those after a gap: what nobody measured is left empty. Pure. */
export function runsOf<T extends {atMs: number}>(steps: readonly T[], stepMs: number): T[][] {
  const runs: T[][] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && step.atMs - last.atMs <= stepMs * 1.5) run.push(step);
    else runs.push([step]);
  }
  return runs;
}

export interface Layer {
  name: string;
  /** Class of its colour. */
  colour: string;
  /** One value a point. */
  values: readonly number[];
}

/** Areas on top of one another, each step as wide as it lasted. */
export function stackChart(
  text: ChartText,
  time: TimeAxis,
  options: {at: readonly number[]; stepMs: number; layers: readonly Layer[]; limit: Level},
): Markup {
  const {at, stepMs, layers, limit} = options;
  const height = 260;
  const box = boxOf(height);
  const top = limit.value * 1.08;
  const ticks = valueTicks(top, 1024);
  const x = xIn(box, time);
  const y = yIn(box, top);
  const runs = runsOf(
    at.map((atMs, index) => ({atMs, index})),
    stepMs,
  );
  const tops = at.map(() => 0);
  const areas = layers.map(({name, colour, values}) => {
    const bottoms = [...tops];
    for (const index of tops.keys()) tops[index] = (bottoms[index] ?? 0) + (values[index] ?? 0);
    const path = runs.map((run) => {
      const edge = (heights: readonly number[]) =>
        run.flatMap(({atMs, index}) => {
          const level = px(y(heights[index] ?? 0));
          return [`${px(x(atMs))},${level}`, `${px(x(atMs + stepMs))},${level}`];
        });
      return `M${[...edge(tops), ...edge(bottoms).reverse()].join('L')}Z`;
    });
    return markup`<path class="area ${colour}" d="${path.join('')}"><title>${name}</title></path>`;
  });
  return picture(text, height, [
    ...areas,
    axes(box, time, {ticks, top, show: showBytes}),
    levelOf(limit, box, y, 'limit'),
  ]);
}

export interface Line {
  name: string;
  colour: string;
  steps: readonly Step[];
}

/** A stretch of time that is marked behind the lines. */
export interface Band {
  fromMs: number;
  untilMs: number;
  name: string;
}

/** Lines over time, with marked stretches and a level that should not be passed. */
export function lineChart(
  text: ChartText,
  time: TimeAxis,
  options: {
    stepMs: number;
    lines: readonly Line[];
    bands?: readonly Band[];
    level?: Level;
    show: (value: number) => string;
    base?: 10 | 1024;
  },
): Markup {
  const {stepMs, lines, bands = [], level, show, base = 10} = options;
  const height = 200;
  const box = boxOf(height);
  const most = Math.max(level?.value ?? 0, ...lines.flatMap(({steps}) => steps.map(({value}) => value)));
  const top = most * 1.1;
  const ticks = valueTicks(top, base);
  const x = xIn(box, time);
  const y = yIn(box, top);
  const middle = (atMs: number): number => x(atMs + stepMs / 2);
  const drawn = lines.map(({name, colour, steps}) => {
    const runs = runsOf(steps, stepMs);
    const path = runs.map(
      (run) => `M${run.map(({atMs, value}) => `${px(middle(atMs))},${px(y(value))}`).join('L')}`,
    );
    // A line of one point is nothing to see.
    const alone = runs.flatMap((run) => (run.length === 1 ? run : []));
    return markup`<path class="line ${colour}" d="${path.join('')}"><title>${name}</title></path>${alone.map(
      ({atMs, value}) =>
        markup`<circle class="dot ${colour}" cx="${px(middle(atMs))}" cy="${px(y(value))}" r="2"/>`,
    )}`;
  });
  return picture(text, height, [
    ...bands.map((band) => bandOf(band, box, x)),
    axes(box, time, {ticks, top, show}),
    ...(level ? [levelOf(level, box, y, 'level')] : []),
    ...drawn,
  ]);
}

function bandOf({fromMs, untilMs, name}: Band, {top, height}: Box, x: (atMs: number) => number): Markup {
  const width = Math.max(2, x(untilMs) - x(fromMs));
  return markup`<rect class="band" x="${px(x(fromMs))}" y="${px(top)}" width="${px(width)}" height="${px(height)}"><title>${name}</title></rect>`;
}

/** A level that should not be passed, or cannot be. */
export interface Level {
  value: number;
  name: string;
}

function levelOf(
  {value, name}: Level,
  box: Box,
  y: (value: number) => number,
  kind: 'level' | 'limit',
): Markup {
  const right = box.left + box.width;
  return markup`<line class="${kind}" x1="${px(box.left)}" x2="${px(right)}" y1="${px(y(value))}" y2="${px(y(value))}"/><text class="note ${kind}" x="${px(right - 4)}" y="${px(y(value) - 5)}" text-anchor="end">${name}</text>`;
}

export interface Stay {
  name: string;
  colour: string;
  steps: readonly {atMs: number}[];
}

const ROW = 22;
const NAMES = 190;

/** A row for each tenant, filled while it was there. */
export function stayChart(text: ChartText, time: TimeAxis, stays: readonly Stay[], stepMs: number): Markup {
  const height = stays.length * ROW + 40;
  const box = boxOf(height, NAMES);
  const x = xIn(box, time);
  const rows = stays.map(({name, colour, steps}, at) => {
    const top = box.top + at * ROW;
    const bars = runsOf(steps, stepMs).map((run) => {
      const from = x(run[0]?.atMs ?? 0);
      const width = Math.max(2, x((run.at(-1)?.atMs ?? 0) + stepMs) - from);
      return markup`<rect class="area ${colour}" x="${px(from)}" y="${px(top + 4)}" width="${px(width)}" height="${ROW - 8}" rx="2"/>`;
    });
    return markup`<g><text class="name" x="${px(box.left - 8)}" y="${px(top + ROW / 2 + 4)}" text-anchor="end">${name}</text>${bars}</g>`;
  });
  return picture(text, height, [axes(box, time, {ticks: [], top: 0, show: String}), ...rows]);
}

/** A bar for each name, of the same full length. */
export function barChart(
  text: ChartText,
  bars: readonly {name: string; value: number; label: string}[],
  most: number,
): Markup {
  const height = bars.length * ROW + 12;
  const box = {left: 96, top: 4, width: WIDTH - 96 - 96, height};
  const rows = bars.map(({name, value, label}, at) => {
    const top = box.top + at * ROW;
    const width = most > 0 ? Math.min(1, value / most) * box.width : 0;
    const middle = px(top + ROW / 2 + 4);
    return markup`<g><text class="name" x="${box.left - 8}" y="${middle}" text-anchor="end">${name}</text><rect class="track" x="${box.left}" y="${px(top + 4)}" width="${box.width}" height="${ROW - 8}" rx="2"/><rect class="area free" x="${box.left}" y="${px(top + 4)}" width="${px(width)}" height="${ROW - 8}" rx="2"/><text class="value" x="${box.left + box.width + 8}" y="${middle}">${label}</text></g>`;
  });
  return picture(text, height, rows);
}
