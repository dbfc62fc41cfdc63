import {describe, expect, it} from 'vitest';
import {decide, type GuardOrder} from '../../../../src/capacity/guard/decide.ts';
import type {GuardEvent} from '../../../../src/capacity/guard/events.ts';
import type {Observation} from '../../../../src/capacity/guard/observation.ts';
import {guardPolicySchema, type GuardPolicy} from '../../../../src/capacity/guard/policy.ts';
import {freshState, type GuardState} from '../../../../src/capacity/guard/state.ts';

const START = Date.UTC(2026, 10, 2);
const BURNER = {key: 'lease:burner', name: 'burner', kind: 'lease' as const};

interface Phase {
  seconds: number;
  streams?: number;
  interTokenMs?: number;
  cores?: number;
  /** The model's time per token once the neighbour is held back as named. */
  helps?: GuardOrder['order'];
  kind?: 'lease' | 'outsider';
  sinceMs?: number;
  leasedBytes?: number;
  gone?: boolean;
}

interface Played {
  state: GuardState;
  /** `second action key`, in the order they came. */
  orders: string[];
  events: GuardEvent[];
}

/** A model at 20 ms a token alone, and one neighbour; `helps` says which action brings the model back. */
function play(phases: readonly Phase[], wanted: Partial<GuardPolicy> = {}, from?: GuardState): Played {
  const policy = guardPolicySchema.parse(wanted);
  const played: Played = {state: from ?? freshState(), orders: [], events: []};
  let second = from ? Math.round(((from.lastAtMs ?? START) - START) / 1000) + 1 : 0;
  let held: string | undefined;
  for (const phase of phases) {
    for (let i = 0; i < phase.seconds; i++, second++) {
      const cores = phase.cores ?? 0;
      const slow = cores > 0 && (phase.helps === undefined || held !== phase.helps);
      const streams = phase.streams ?? 1;
      const observation: Observation = {
        atMs: START + second * 1000,
        model: {
          streams,
          reading: false,
          interTokenMs: streams > 0 ? (slow ? (phase.interTokenMs ?? 50) : 20) : undefined,
        },
        neighbours: phase.gone
          ? []
          : [
              {
                ...BURNER,
                kind: phase.kind ?? 'lease',
                cores: held === 'pause' ? 0 : cores,
                usedBytes: 2e9,
                sinceMs: phase.sinceMs,
              },
            ],
        restCores: 0,
        breaches:
          phase.leasedBytes === undefined
            ? []
            : [{key: BURNER.key, usedBytes: 2e9, leasedBytes: phase.leasedBytes}],
      };
      const decision = decide(played.state, observation, policy);
      played.state = decision.state;
      for (const {order, key} of decision.orders) {
        held = order === 'undo' ? undefined : order;
        played.orders.push(`${second} ${order} ${key}`);
      }
      played.events.push(...decision.events);
    }
  }
  return played;
}

const QUIET: Phase = {seconds: 60};
const kinds = ({events}: Played): string[] => events.map(({kind}) => kind);

describe('the guard', () => {
  it('lowers a neighbour that slows the model, with the numbers it was decided on', () => {
    const played = play([QUIET, {seconds: 20, cores: 2, helps: 'lower'}]);
    expect(played.orders).toEqual(['66 lower lease:burner']);
    expect(kinds(played)).toEqual(['interference', 'guard-action', 'interference-over']);
    expect(played.events[1]).toMatchObject({
      tenant: 'lease:burner',
      text: 'burner was lowered: the model took 50 ms a token, 2.5 times its own time alone (20 ms).',
      numbers: {
        action: 'lower',
        because: 'interference',
        ratio: 2.5,
        interTokenMs: 50,
        referenceMs: 20,
        reference: 'alone',
        streams: 1,
        cores: 2,
        slowWhileBusy: 1,
        slowWhileIdle: 0,
        offence: 1,
      },
    });
  });

  it('lets it go on when it has come to rest, and not before the cool-down', () => {
    const played = play([QUIET, {seconds: 20, cores: 2, helps: 'lower'}, {seconds: 90}]);
    expect(played.orders).toEqual(['66 lower lease:burner', '140 undo lease:burner']);
    expect(played.events.at(-1)?.text).toBe('burner goes on as before: it has come to rest.');
  });

  it('lets it go on when the model has nothing to do', () => {
    const played = play([
      QUIET,
      {seconds: 20, cores: 2, helps: 'lower'},
      {seconds: 90, streams: 0, cores: 2, helps: 'lower'},
    ]);
    expect(played.orders).toEqual(['66 lower lease:burner', '140 undo lease:burner']);
  });

  it('keeps it lowered while both work', () => {
    const played = play([QUIET, {seconds: 600, cores: 2, helps: 'lower'}]);
    expect(played.orders).toEqual(['66 lower lease:burner']);
  });

  it('takes the next stronger action after the dwell, and tries again after a cool-down that doubles', () => {
    const played = play([QUIET, {seconds: 400, cores: 2, helps: 'pause'}], {actions: ['lower', 'pause']});
    expect(played.orders.slice(0, 5)).toEqual([
      '66 lower lease:burner',
      '96 pause lease:burner',
      // Well again at 103, a minute of cool-down.
      expect.stringMatching(/^16\d undo/),
      // A known offender is recognised in four seconds.
      expect.stringMatching(/^16\d lower/),
      expect.stringMatching(/^(19|20)\d pause/),
    ]);
    const [first, second] = played.orders
      .filter((order) => order.includes('undo'))
      .map((order) => Number(order.split(' ')[0]));
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(140);
  });

  it('waits half as long with a newcomer', () => {
    const sinceMs = START + 55_000;
    const played = play([QUIET, {seconds: 60, cores: 2, helps: 'pause', sinceMs}], {
      actions: ['lower', 'pause'],
    });
    expect(played.orders.slice(0, 2)).toEqual(['66 lower lease:burner', '81 pause lease:burner']);
  });

  it('only does what the policy has: stop comes after lower where pause is left out', () => {
    const played = play([QUIET, {seconds: 120, cores: 2, helps: 'stop'}], {actions: ['lower', 'stop']});
    expect(played.orders.slice(0, 2)).toEqual(['66 lower lease:burner', '96 stop lease:burner']);
  });

  it.each<[string, Partial<GuardPolicy>, Phase['kind'], string]>([
    ['an outsider', {}, 'outsider', 'it has no lease, and guard.outsiders is "watch"'],
    ['anybody in mode watch', {mode: 'watch'}, 'lease', 'the guard only watches'],
  ])('never touches %s, but says what it sees', (_name, policy, kind, leftAlone) => {
    const played = play([QUIET, {seconds: 60, cores: 2, kind: kind ?? 'lease'}], policy);
    expect(played.orders).toEqual([]);
    expect(kinds(played)).toEqual(['interference']);
    expect(played.events[0]?.numbers).toMatchObject({leftAlone});
  });

  it('acts on an outsider when it is told to', () => {
    const played = play([QUIET, {seconds: 20, cores: 2, kind: 'outsider', helps: 'lower'}], {
      outsiders: 'act',
    });
    expect(played.orders).toEqual(['66 lower lease:burner']);
  });

  it('says and does nothing when it is off, and lets go of whom it held', () => {
    const held = play([QUIET, {seconds: 20, cores: 2, helps: 'lower'}]);
    const played = play([{seconds: 20, cores: 2}], {mode: 'off'}, held.state);
    expect(played.orders).toEqual(['80 undo lease:burner']);
    expect(kinds(played)).toEqual(['guard-undone']);
  });

  it('lets go of whom the policy no longer lets it hold', () => {
    const held = play([QUIET, {seconds: 20, cores: 2, helps: 'lower'}]);
    expect(play([{seconds: 3, cores: 2}], {actions: ['pause']}, held.state).orders).toEqual([
      '80 undo lease:burner',
    ]);
  });

  it('goes on after a restart with what it knew: its state is plain JSON', () => {
    const held = play([QUIET, {seconds: 20, cores: 2, helps: 'lower'}]);
    const again = JSON.parse(JSON.stringify(held.state)) as GuardState;
    const rest: Phase[] = [{seconds: 90, streams: 0, cores: 2, helps: 'lower'}];
    expect(play(rest, {}, again).orders).toEqual(play(rest, {}, held.state).orders);
  });

  it('pauses a neighbour that breaks its lease within the same second, until the lease fits', () => {
    const played = play([
      {seconds: 10},
      {seconds: 5, leasedBytes: 1e9},
      {seconds: 5, leasedBytes: 1e9, cores: 1, interTokenMs: 20},
      {seconds: 5},
    ]);
    expect(played.orders).toEqual(['10 pause lease:burner', '20 undo lease:burner']);
    expect(played.events[0]?.numbers).toMatchObject({because: 'breach', usedBytes: 2e9, leasedBytes: 1e9});
  });

  it('does not touch who breaks its lease when guard.breach is "watch"', () => {
    expect(play([{seconds: 20, leasedBytes: 1e9}], {breach: 'watch'}).orders).toEqual([]);
  });

  it('forgets a neighbour that has ended, and not one that is missed for some seconds', () => {
    const missed = [QUIET, {seconds: 20, cores: 2, helps: 'lower' as const}, {seconds: 5, gone: true}];
    expect(play(missed).orders).toEqual(['66 lower lease:burner']);
    const played = play([QUIET, {seconds: 20, cores: 2, helps: 'lower'}, {seconds: 13, gone: true}]);
    expect(played.orders.at(-1)).toBe('90 undo lease:burner');
    expect(Object.keys(played.state.handled)).toEqual([]);
  });

  it('blames nobody who works all the time while the model is slow for a moment', () => {
    const steady = {cores: 2, interTokenMs: 20};
    const played = play([
      {seconds: 120, ...steady},
      {seconds: 12, cores: 2, interTokenMs: 60},
      {seconds: 60, ...steady},
    ]);
    expect(played.events).toEqual([]);
  });

  it('finds one that was there before the model was asked, by the time that the model takes alone', () => {
    const played = play([
      QUIET,
      {seconds: 400, streams: 0, cores: 2},
      {seconds: 30, cores: 2, helps: 'lower'},
    ]);
    expect(played.orders).toHaveLength(1);
    expect(played.orders[0]).toMatch(/^46\d lower/);
  });

  it('is not confused by a clock that jumps', () => {
    const held = play([QUIET, {seconds: 20, cores: 2, helps: 'lower'}]);
    const jumped = {...held.state, lastAtMs: (held.state.lastAtMs ?? 0) - 86_400_000};
    // A day has passed on the wall, and none of the cool-down.
    expect(play([{seconds: 30, streams: 0}], {}, {...jumped, lastAtMs: held.state.lastAtMs}).orders).toEqual(
      [],
    );
    const decision = decide(
      jumped,
      {
        atMs: START + 81_000,
        model: {streams: 0, reading: false, interTokenMs: undefined},
        neighbours: [{...BURNER, cores: 2, usedBytes: 1, sinceMs: undefined}],
        restCores: 0,
        breaches: [],
      },
      guardPolicySchema.parse({}),
    );
    expect(decision.orders).toEqual([]);
    expect(decision.state.clockMs).toBe(held.state.clockMs);
  });
});
