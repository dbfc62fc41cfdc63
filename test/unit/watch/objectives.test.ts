import {setImmediate as nextTurn} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {Probed} from '../../../src/hosts/index.ts';
import type {ObjectiveSettings, ProbeResult} from '../../../src/monitor/index.ts';
import {Objectives, type ObjectivesOptions} from '../../../src/watch/objectives.ts';
import {sampleAt, windowOf} from '../../support/sample.ts';

const NOW = Date.UTC(2026, 10, 2);
const SETTINGS: ObjectiveSettings = {ttft: 100, errors: 0.01, target: 0.99, probe: 60_000};

/** An observer whose past is empty, and whose probes are answered by the test. */
function world(settings = SETTINGS) {
  const kept: ProbeResult[] = [];
  const said: string[] = [];
  const asked: ((probed: Probed | null) => void)[] = [];
  let wanted: ObjectiveSettings | undefined = settings;
  const store: ObjectivesOptions['store'] = {
    minutes: () => Promise.resolve(),
    probes: () => [],
    events: () => [],
    noteProbe: (probe) => void kept.push(probe),
  };
  const objectives = new Objectives({
    store,
    settings: () => wanted,
    probe: () => new Promise((resolve) => asked.push(resolve)),
    say: (line) => void said.push(line),
  });
  /** Seconds one by one, each with so many requests that ended. */
  const pass = async (from: number, seconds: number, requests = 0): Promise<void> => {
    for (let second = from; second < from + seconds; second++) {
      const window = windowOf(requests);
      await objectives.observe(sampleAt(NOW + second * 1000, window), window);
    }
  };
  const want = (next: ObjectiveSettings | undefined): void => void (wanted = next);
  return {...{objectives, kept, said, asked}, pass, want};
}

describe('the probe of the watch', () => {
  it('is sent once after so long without a request, and counts for the objectives', async () => {
    const {objectives, asked, kept, pass} = world();
    await pass(0, 60);
    expect(asked).toHaveLength(0);
    await pass(60, 60);
    // It has not been answered yet: there is one at a time.
    await pass(120, 200);
    expect(asked).toHaveLength(1);
    asked[0]?.({outcome: 'ok', ttftMs: 120, tpotMs: 5, tokens: 4});
    await nextTurn();
    expect(kept).toEqual([{atMs: NOW + 60_000, ok: true, ttftMs: 120, tpotMs: 5, more: 3}]);
    await pass(320, 11);
    expect(asked).toHaveLength(2);
    const {probe, objectives: states} = objectives.status() ?? {};
    expect(probe).toEqual({
      everyMs: 60_000,
      last: {atMs: NOW + 60_000, outcome: 'ok', ttftMs: 120, tpotMs: 5},
    });
    expect(states?.[0]?.windows.at(-1)).toMatchObject({good: 0, bad: 1});
  });

  it('is not sent while people ask, while it is off, and where nothing is promised', async () => {
    const busy = world();
    await busy.pass(0, 300, 1);
    const off = world({...SETTINGS, probe: false});
    await off.pass(0, 300);
    const nothing = world({target: 0.99, probe: 60_000});
    await nothing.pass(0, 300);
    expect([busy, off, nothing].map(({asked}) => asked.length)).toEqual([0, 0, 0]);
    expect(off.objectives.status()?.probe).toBeNull();
    expect(nothing.objectives.status()).toBeUndefined();
  });

  it('counts as missed when it failed, and as nothing when it was skipped or nobody could ask', async () => {
    const {objectives, asked, said, kept, pass} = world();
    await pass(0, 61);
    asked[0]?.({outcome: 'skipped'});
    await pass(61, 60);
    asked[1]?.(null);
    await pass(121, 60);
    expect(kept).toEqual([]);
    asked[2]?.({outcome: 'failed', reason: 'engine_unavailable'});
    await pass(181, 11);
    expect(said).toEqual(['probe failed: engine_unavailable']);
    const all = objectives.status()?.objectives.map(({objective, windows}) => [objective, windows[2]]);
    expect(all).toEqual([
      ['ttft', {minutes: 60, rate: 100, good: 0, bad: 1}],
      ['errors', {minutes: 60, rate: 100, good: 0, bad: 1}],
    ]);
  });

  it('waits as long as ever after a clock that was set back', async () => {
    const {asked, pass} = world();
    await pass(7200, 30);
    await pass(0, 60);
    expect(asked).toHaveLength(0);
    await pass(60, 2);
    expect(asked).toHaveLength(1);
  });

  it('ends with the promises', async () => {
    const {objectives, pass, want} = world();
    await pass(0, 5, 1);
    expect(objectives.status()?.objectives).toHaveLength(2);
    want(undefined);
    await pass(5, 1);
    expect(objectives.status()).toBeUndefined();
  });
});
