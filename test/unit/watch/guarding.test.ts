import {describe, expect, it} from 'vitest';
import type {Sample} from '../../../src/monitor/index.ts';
import {observationOf, type KnownLeases} from '../../../src/watch/guarding.ts';
import {sampleAt} from '../../support/sample.ts';

const NOW = Date.UTC(2026, 10, 2);
const nobody: KnownLeases = {find: () => undefined, isBroken: () => false};

const withGateway = (gateway: Partial<NonNullable<Sample['gateway']>>): Sample => ({
  ...sampleAt(NOW, undefined, {train: 2e9}),
  gateway: {running: 0, queued: 0, held: 0, tokensPerSecond: 0, requestsPerSecond: 0, ...gateway},
});

describe('what a sample says to the guard', () => {
  it('is nothing about the model where no gateway tells', () => {
    expect(observationOf(sampleAt(NOW, undefined), nobody).model).toBeUndefined();
  });

  it('is the middle time per token, by streams that it took to write so many', () => {
    const tpotMs = {p50: 20, p99: 30, max: 40, count: 150};
    const {model} = observationOf(withGateway({running: 1, tpotMs}), nobody);
    expect(model).toEqual({streams: 3, reading: false, interTokenMs: 20});
  });

  it('is no time where one token came, and that prompts were read where a first token came', () => {
    const one = {p50: 20, p99: 20, max: 20, count: 1};
    const {model} = observationOf(withGateway({running: 2, tpotMs: one, ttftMs: one}), nobody);
    expect(model).toEqual({streams: 2, reading: true, interTokenMs: undefined});
  });

  it('is who else is there: leases and outsiders, never the model', () => {
    const {neighbours} = observationOf(sampleAt(NOW, undefined, {train: 2e9}), nobody);
    expect(neighbours).toEqual([
      {key: 'host:ana train', kind: 'outsider', name: 'train', cores: 0, usedBytes: 2e9, sinceMs: undefined},
    ]);
  });

  it('is which leases are broken, with what was promised', () => {
    const sample = sampleAt(NOW, undefined);
    const tenants = [
      {key: 'lease:a', kind: 'lease' as const, name: 'a', usedBytes: 3e9, cpuRatio: 1, pids: [7]},
    ];
    const leases: KnownLeases = {
      isBroken: (name) => name === 'a',
      find: () => ({bytes: 2e9}) as ReturnType<KnownLeases['find']>,
    };
    expect(observationOf({...sample, tenants}, leases).breaches).toEqual([
      {key: 'lease:a', usedBytes: 3e9, leasedBytes: 2e9},
    ]);
  });
});
