import {describe, expect, it} from 'vitest';
import type {ProgressEvent} from '../../../src/base/progress.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {ms, seconds, type Duration} from '../../../src/base/units.ts';
import {formatAmount} from '../../../src/cli/progress/format.ts';
import {liveProgress} from '../../../src/cli/progress/live.ts';
import {ndjsonProgress} from '../../../src/cli/progress/ndjson.ts';
import {plainProgress} from '../../../src/cli/progress/plain.ts';

const en = textsFor('en');

function movableClock(): {now(): Date; elapsed(): Duration; sleep(): Promise<void>; time: Duration} {
  const clock = {
    time: ms(0),
    now: () => new Date(0),
    elapsed: () => clock.time,
    sleep: () => Promise.resolve(),
  };
  return clock;
}

const event = (more: Partial<ProgressEvent>): ProgressEvent => ({
  id: 'weights',
  status: 'started',
  say: () => 'Fetch weights',
  ...more,
});

describe('plain progress', () => {
  it('says each step once, indented under its parent', () => {
    const out: string[] = [];
    const progress = plainProgress(en, movableClock(), (text) => out.push(text));
    progress(event({}));
    progress(event({id: 'weights/download', parent: 'weights', say: () => 'Download'}));
    progress(event({id: 'weights/download', parent: 'weights', status: 'done', say: () => 'Downloaded'}));
    progress(event({status: 'failed'}));
    expect(out.join('')).toBe('· Fetch weights\n  · Download\n  ✔ Downloaded\n✖ Fetch weights\n');
  });

  it('says where a step is at most every five seconds', () => {
    const out: string[] = [];
    const clock = movableClock();
    const progress = plainProgress(en, clock, (text) => out.push(text));
    for (let second = 0; second <= 10; second++) {
      clock.time = seconds(second);
      progress(event({status: 'running', current: second * 1024, total: 10 * 1024, unit: 'bytes'}));
    }
    expect(out).toEqual([
      '· Fetch weights  0 B / 10.0 KiB (0 %)\n',
      '· Fetch weights  5.0 KiB / 10.0 KiB (50 %)\n',
      '· Fetch weights  10.0 KiB / 10.0 KiB (100 %)\n',
    ]);
  });
});

describe('NDJSON progress', () => {
  it('is one English object a line', () => {
    const out: string[] = [];
    ndjsonProgress((text) => out.push(text))(
      event({status: 'running', current: 1, total: 2, unit: 'steps', say: (t) => t.cli.interrupted}),
    );
    expect(out).toEqual([
      '{"event":"progress","id":"weights","status":"running","current":1,"total":2,"unit":"steps","text":"Interrupted."}\n',
    ]);
  });
});

describe('live progress', () => {
  it('redraws in place within the window, and leaves the whole story behind', () => {
    const out: string[] = [];
    const live = liveProgress(en, movableClock(), {write: (text) => out.push(text), columns: 24, rows: 4});
    for (const id of ['one', 'two', 'three']) {
      live.progress(event({id, say: () => `${id} 这一行比窗口还要宽得多得多`}));
    }
    live.progress(event({id: 'two', status: 'done', say: () => 'two'}));
    live.end();
    live.end();
    const last = out.at(-2) ?? '';
    expect(last).toContain('\u001b[1A\u001b[0J');
    expect(last.split('\n')).toHaveLength(4);
    expect(last).toContain('✔ two');
    expect(last).toMatch(/three 这一行比窗口/);
    expect(out.at(-1)).toBe('\u001b[?25h');
  });
});

describe('formatAmount', () => {
  it.each([
    [{current: 5}, '5'],
    [{current: 1, total: 4, unit: 'steps' as const}, '1 / 4 (25 %)'],
    [{current: 0, total: 0}, '0 / 0'],
    [{total: 4}, undefined],
    [{current: 1500, unit: 'ms' as const}, '1.5 s'],
  ])('%j', (given, expected) => {
    expect(formatAmount(given)).toBe(expected);
  });
});
