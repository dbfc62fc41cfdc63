import {describe, expect, it} from 'vitest';
import {decide} from '../../../../src/capacity/guard/decide.ts';
import type {GuardEvent} from '../../../../src/capacity/guard/events.ts';
import {guardPolicySchema} from '../../../../src/capacity/guard/policy.ts';
import {freshState} from '../../../../src/capacity/guard/state.ts';
import type {Observation} from '../../../../src/capacity/guard/observation.ts';
import {burner, randomFrom, seconds, type Actor} from './traffic.ts';

const policy = guardPolicySchema.parse({});

/** Every event with the second it came in. */
function watch(observations: Iterable<Observation>): (GuardEvent & {second: number})[] {
  let state = freshState();
  let second = 0;
  const events: (GuardEvent & {second: number})[] = [];
  for (const observation of observations) {
    const decision = decide(state, observation, policy);
    state = decision.state;
    events.push(...decision.events.map((event) => ({...event, second})));
    second++;
  }
  return events;
}

/** Neighbours that work hard and disturb nobody: one always, one by the hour, one that comes now and then. */
function harmless(seed: number): Actor[] {
  const random = randomFrom(seed);
  const visits = Array.from({length: 60}, () => Math.floor(random() * 7 * 86_400)).toSorted((a, b) => a - b);
  const none = (): number => 1;
  return [
    {
      key: 'lease:always',
      kind: 'lease',
      cores: (second) => 0.8 + 0.5 * Math.sin(second / 40),
      slowdown: none,
    },
    {key: 'lease:hourly', kind: 'lease', cores: (second) => (second % 3600 < 900 ? 1.5 : 0), slowdown: none},
    {
      key: 'host:root visitor',
      kind: 'outsider',
      cores: (second) => (visits.some((at) => second >= at && second < at + 120) ? 2 : 0),
      slowdown: none,
    },
  ];
}

/** A week takes a minute and more: `BERTH_GUARD_DAYS=7` asks for it. */
const DAYS = Number(process.env.BERTH_GUARD_DAYS ?? 1);

describe(`noisy traffic for ${DAYS} d`, () => {
  it('raises no alarm when nobody disturbs', () => {
    const seed = 1;
    expect(watch(seconds({seed, seconds: DAYS * 86_400, actors: harmless(seed)}))).toEqual([]);
  }, 600_000);
});

describe('a neighbour that doubles the time per token', () => {
  it('is found within 10 s and named, whatever the noise', () => {
    const delays = Array.from({length: DAYS < 7 ? 20 : 100}, (_, seed) => {
      const at = 600 + (seed % 7);
      const streams = 1 + (seed % 5);
      const actors = [...harmless(seed), burner(at, at + 60)];
      const events = watch(seconds({seed, seconds: at + 60, actors, streams: () => streams, lag: seed % 5}));
      const found = events.find(({kind}) => kind === 'interference');
      expect(found?.tenant, `seed ${seed}`).toBe('lease:burner');
      return (found?.second ?? Infinity) - at;
    });
    expect(Math.max(...delays)).toBeLessThanOrEqual(10);
  }, 60_000);
});
