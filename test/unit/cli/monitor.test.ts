import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {gib, mib} from '../../../src/base/units.ts';
import {frame, sparkline} from '../../../src/cli/monitor/frame.ts';
import {plainSample} from '../../../src/cli/monitor/plain.ts';
import {viewed, type LiveSample, type Now, type View} from '../../../src/cli/monitor/view.ts';
import {displayWidth} from '../../../src/cli/width.ts';

const AT = Date.UTC(2026, 10, 25, 10, 0, 7);

const sample: LiveSample = {
  atMs: AT,
  device: {
    ...{totalBytes: gib(16), usedBytes: gib(8), freeBytes: gib(7.5), reservedBytes: gib(0.5)},
    ...{utilizationRatio: 0.42, temperatureC: 61, powerW: 120.4, seenAtMs: AT},
  },
  tenants: [
    {key: 'model', kind: 'model', name: 'nano', usedBytes: gib(4), cpuRatio: 1.5, pids: [1]},
    {key: 'lease:comfyui', kind: 'lease', name: 'comfyui', usedBytes: gib(2), pids: [2]},
    {
      ...{key: 'host:me x', kind: 'outsider', usedBytes: gib(1), pids: [3]},
      name: 'x\u001b[2J\u0007\n' + '长'.repeat(80),
    },
    ...[1, 2, 3, 4, 5, 6].map((at) => ({
      ...{
        key: `host:me p${at}`,
        kind: 'outsider' as const,
        name: `p${at}`,
        usedBytes: mib(100),
        pids: [10 + at],
      },
    })),
    {key: 'unattributed', kind: 'unattributed', name: 'unattributed', usedBytes: gib(1) - mib(600), pids: []},
  ],
  tenantsSeenAtMs: AT,
  gateway: {
    ...{running: 2, queued: 1, held: 0, tokensPerSecond: 83.25, requestsPerSecond: 1},
    ttftMs: {p50: 40, p99: 91, max: 95, count: 3},
    tpotMs: {p50: 8.1, p99: 12, max: 13, count: 80},
  },
};
const now: Now = {
  sample,
  events: Array.from({length: 20}, (_, at) => ({
    ...{atMs: AT - at * 1000, kind: 'tenant-came' as const, numbers: {}},
    text: `event ${at} \u001b[31m of a program with a long name that goes on and on and on`,
  })),
  health: {
    ...{pid: 1, sinceMs: 0, rssBytes: 0, cpuRatio: 0},
    ...{loopDelayP99Ms: 0, lagMs: 0, storeBytes: 0},
  },
};
const empty: View = {
  ...{deployment: 'default', host: 'local', now: undefined, answeredAtMs: undefined, silent: false},
  ...{speeds: [], tpots: []},
};
const full: View = {...viewed(empty, now, AT), speeds: [1, 2, 4, 8], tpots: [8, 8, 16]};

const drawn = (view: View, columns: number, rows: number, language: 'en' | 'zh-CN' = 'en'): string[] =>
  frame(textsFor(language), view, {columns, rows, nowMs: AT, timeZone: 'UTC'}).map((line) =>
    line.map(({text}) => text).join(''),
  );

describe('the picture', () => {
  it.each([
    [60, 15],
    [30, 6],
    [80, 24],
    [200, 60],
    [41, 9],
  ])('fits a window of %d x %d in both languages', (columns, rows) => {
    for (const language of ['en', 'zh-CN'] as const) {
      for (const view of [full, empty, {...full, silent: true}]) {
        const lines = drawn(view, columns, rows, language);
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
        // eslint-disable-next-line no-control-regex -- what must not be there
        expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }
    }
  });

  it('shows device, tenants, speed and events in a small window', () => {
    const text = drawn(full, 60, 15).join('\n');
    expect(text).toContain('8.0 GiB of 16.0 GiB used, 7.5 GiB free · 42 % · 61 °C');
    expect(text).toMatch(/█ nano \(model\) +4\.0 GiB +1\.5 cores/);
    expect(text).toMatch(/comfyui \(lease\) +2\.0 GiB/);
    expect(text).toMatch(/\d more with \d/);
    expect(text).toContain('2 running, 1 queued, 0 held');
    expect(text).toMatch(/tokens\/s +83\.3 +▂▃▅█/);
    expect(text).toContain('p50 8.1 ms · p99 12 ms');
    expect(text).toMatch(/10:00:07 {2}came {2}event 0/);
    expect(text).toMatch(/q ends · 10:00:07/);
  });

  it('draws the bar as the shares are: half of it used, and a quarter of it the model', () => {
    const bar = drawn(full, 81, 40).find((line) => line.includes('░')) ?? '';
    expect(bar).toHaveLength(80);
    expect(bar.replaceAll('░', '')).toHaveLength(40);
    expect(bar).toMatch(/^█{20}▓{10}/);
  });

  it('says what does not answer, and keeps what it knew', () => {
    const later = {nowMs: AT + 12_000, columns: 80, rows: 24, timeZone: 'UTC'};
    const silent = frame(textsFor('en'), {...full, silent: true}, later).flat();
    const text = silent.map((piece) => piece.text).join('');
    expect(text).toContain('the watch does not answer (last seen 12.0 s ago)');
    expect(text).toContain('nano (model)');
    const still = {...sample, device: {...sample.device, seenAtMs: AT - 30_000}};
    expect(drawn(viewed(empty, {...now, sample: still}, AT), 80, 24)[1]).toBe(
      'the device has said nothing for 30.0 s',
    );
    const {gateway: _none, ...alone} = sample;
    expect(drawn(viewed(empty, {...now, sample: alone}, AT), 80, 24).join()).toContain(
      'gateway does not answer',
    );
  });
});

it('counts each sample once for the small charts, and forgets the old ones', () => {
  let view = viewed(viewed(empty, now, AT), now, AT + 500);
  expect(view.speeds).toEqual([83.25]);
  for (let at = 1; at <= 200; at++)
    view = viewed(view, {...now, sample: {...sample, atMs: AT + at * 1000}}, AT);
  expect(view.speeds).toHaveLength(120);
  expect(view.tpots).toHaveLength(120);
});

it('draws a course by its largest value', () => {
  expect(sparkline([0, 4, 8], 10)).toBe('▁▅█');
  expect(sparkline([9, 0, 4, 8], 3)).toBe('▁▅█');
  expect(sparkline([0, 0], 5)).toBe('▁▁');
  expect(sparkline([1], 0)).toBe('');
});

it('has a line for a log, without anything that could move a cursor', () => {
  const line = plainSample(textsFor('en'), sample, 'UTC');
  expect(line).toMatch(/^2026-11-25 10:00:07 \| used 8\.0 GiB, free 7\.5 GiB \| nano \(model\) 4\.0 GiB \| /);
  expect(line).toContain('83.3 tokens/s | each token p50 8.1 ms · p99 12 ms');
  // eslint-disable-next-line no-control-regex -- what must not be there
  expect(line).not.toMatch(/[\u0000-\u001f]/);
});
