import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {gib, mib} from '../../../src/base/units.ts';
import {timeTicks, valueTicks} from '../../../src/cli/present/html/axes.ts';
import {runsOf} from '../../../src/cli/present/html/charts.ts';
import {escapeHtml, markup} from '../../../src/cli/present/html/markup.ts';
import {coloured, fitLayers, layersOf} from '../../../src/cli/present/html/tenants.ts';
import {presentPast} from '../../../src/cli/present/past.ts';
import {displayWidth} from '../../../src/cli/width.ts';
import {capacityPageOf, HOSTILE, pastWith} from '../../support/capacity-page.ts';
import {event, hour, MINUTE, START} from '../capacity/past/world.ts';

const en = textsFor('en');

describe('text in a page', () => {
  it('is escaped wherever it stands, and lists and markup are not escaped twice', () => {
    expect(escapeHtml(`<a href="x" title='y'>&`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;');
    expect(markup`<b title="${'"><i>'}">${['<', markup`<u>`, undefined, 1]}</b>`.text).toBe(
      '<b title="&quot;&gt;&lt;i&gt;">&lt;<u>1</b>',
    );
  });

  it('cannot turn the direction of what is around it, nor hold what HTML forbids', () => {
    expect(escapeHtml('a\u0000b\u001bc\u202ed\u2066e')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde');
    expect(escapeHtml('多行\n\t文字')).toBe('多行\n\t文字');
  });
});

describe.each(['en', 'zh-CN'] as const)('the page (%s)', (language) => {
  it('shows what a tenant calls itself as text alone', () => {
    const page = capacityPageOf(language, pastWith({hostile: true}));
    // Every element of the page is one that it writes itself.
    const elements = new Set([...page.matchAll(/<([a-z][\w-]*)/gi)].map(([, name]) => name?.toLowerCase()));
    expect([...elements].filter((name) => !KNOWN.includes(name ?? ''))).toEqual([]);
    // No event handler, wherever it might hide inside a tag.
    expect(page).not.toMatch(/<[^>]*\son\w+\s*=/i);
    expect(page).toContain(escapeHtml(HOSTILE.command).slice(0, 60));
    expect(page).toContain(escapeHtml(HOSTILE.name));
  });

  it('asks nobody else for anything, and runs nothing', () => {
    const page = capacityPageOf(language, pastWith({}));
    expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'`);
    expect(page).not.toMatch(/https?:|<script|@import|url\(/i);
    expect(page).toMatch(new RegExp(`^<!doctype html>\n<html lang="${language}">`));
  });

  it('names and describes each chart, and its figures are a table too', () => {
    const page = capacityPageOf(language, pastWith({}));
    const charts = [...page.matchAll(/<svg [^>]*aria-labelledby="([\w-]+) ([\w-]+)"/g)];
    expect(charts).toHaveLength(6);
    for (const [, title, text] of charts) {
      expect(page).toMatch(
        new RegExp(`<title id="${title}">[^<]+</title>\\s*<desc id="${text}">[^<]+</desc>`),
      );
    }
    expect(page.match(/<table>/g)?.length).toBeGreaterThanOrEqual(5);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('closes every element that it opens', () => {
    const page = capacityPageOf(language, pastWith({hostile: true})).replace(/<style>.*<\/style>/s, '');
    const open: string[] = [];
    for (const [, slash, name = '', rest = ''] of page.matchAll(/<(\/?)([a-z][\w-]*)([^>]*)>/gi)) {
      if (slash) expect(open.pop()).toBe(name);
      else if (!['meta', 'br'].includes(name) && !rest.endsWith('/')) open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('says so where nothing is known', () => {
    const past = pastWith({rows: 0});
    const page = capacityPageOf(language, past);
    const t = textsFor(language);
    for (const text of [t.past.nothingMeasured, t.past.noRequests, t.past.noTenants, t.past.noEvents])
      expect(page).toContain(text);
    expect(page).not.toMatch(/NaN|Infinity|undefined|<svg/);
    expect(presentPast(t, past)).toContain(t.past.nothingMeasured);
  });

  it('tells what everyone will hold at most, and what is left then', () => {
    const t = textsFor(language);
    const past = pastWith({});
    const left = t.past.forecast.left({left: '14.0 GiB'});
    for (const told of [capacityPageOf(language, past), presentPast(t, past)]) {
      expect(told).toContain(left);
      expect(told).toContain(t.past.forecast.few({days: 8}));
      expect(told).toContain('276 MiB');
    }
    const unknown = {...past, forecast: {tenants: []}};
    for (const told of [capacityPageOf(language, unknown), presentPast(t, unknown)])
      expect(told).toContain(t.past.forecast.none);
    const {tenants} = past.forecast;
    expect(presentPast(t, {...past, forecast: {tenants, leftBytes: -1 * mib(512)}})).toContain(
      t.past.forecast.missing({missing: '512 MiB'}),
    );
  });

  it('has a terminal form of at most 80 columns', () => {
    const text = presentPast(textsFor(language), pastWith({hostile: true}));
    expect(Math.max(...text.split('\n').map(displayWidth))).toBeLessThanOrEqual(80);
    // eslint-disable-next-line no-control-regex -- what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

it('marks where the model was slowed', () => {
  const past = pastWith({events: [event(START + MINUTE, 'interference', {tenant: 'lease:comfyui'})]});
  const page = capacityPageOf('en', past);
  expect(page.match(/<rect class="band"/g)).toHaveLength(2);
  expect(page).toContain('<title>model slowed: comfyui</title>');
  expect(page).toContain('going on');
});

it('draws layers that end at what was in use, and takes what is too much from the unnamed', () => {
  const past = pastWith({});
  const layers = fitLayers(layersOf(en, coloured(past.tenants), past.series), [mib(2000), mib(50)]);
  const sums = [0, 1].map((at) => layers.reduce((sum, {values}) => sum + (values[at] ?? 0), 0));
  expect(sums[0]).toBeLessThanOrEqual(mib(2000));
  expect(sums[1]).toBe(mib(50));
  // The model is the first to be drawn and the last to be cut.
  expect(layers[0]?.values[1]).toBe(mib(50));
});

it('leaves a gap where nobody measured', () => {
  const at = (minutes: number) => ({atMs: START + minutes * MINUTE});
  expect(runsOf([at(0), at(1), at(5), at(6), at(9)], MINUTE).map((run) => run.length)).toEqual([2, 2, 1]);
});

describe('axes', () => {
  it.each([
    [gib(23.5), 1024, [0, gib(10), gib(20)]],
    [mib(548), 1024, [0, mib(200), mib(400)]],
    [26, 10, [0, 10, 20]],
    [0.4, 10, [0, 0.1, 0.2, 0.3, 0.4]],
    [0, 10, [0]],
  ] as const)('have round values up to %d', (top, base, ticks) => {
    const found = valueTicks(top, base);
    expect(found).toHaveLength(ticks.length);
    for (const [index, tick] of ticks.entries()) expect(found[index]).toBeCloseTo(tick, 6);
  });

  it('have round times of the zone, at most eight, whatever the span', () => {
    for (const span of [hour / 6, hour, 5 * hour, 24 * hour, 7 * 24 * hour, 30 * 24 * hour]) {
      const ticks = timeTicks({fromMs: START, untilMs: START + span, timeZone: 'Asia/Kolkata'});
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(9);
    }
    const labels = timeTicks({fromMs: START, untilMs: START + 24 * hour, timeZone: 'Asia/Shanghai'}).map(
      ({label}) => label,
    );
    // 10:00 UTC is 18:00 there.
    expect(labels).toEqual(['18:00', '21:00', '11-26', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00']);
  });
});

const KNOWN = [
  ...[
    'html',
    'head',
    'meta',
    'title',
    'style',
    'body',
    'header',
    'main',
    'footer',
    'section',
    'div',
    'dl',
    'dt',
    'dd',
  ],
  ...['h1', 'h2', 'p', 'br', 'strong', 'small', 'code', 'ul', 'li', 'span', 'details', 'summary'],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ...['svg', 'desc', 'g', 'path', 'rect', 'line', 'circle', 'text'],
];
