import {describe, expect, it} from 'vitest';
import {gib, seconds} from '../../../src/base/units.ts';
import {parseDuration} from '../../../src/base/units.ts';
import {settingsSchema} from '../../../src/deploy/config/settings.ts';

describe('settings', () => {
  it('has a default for everything that the plan does not decide', () => {
    expect(settingsSchema.parse({})).toMatchObject({
      deployment: 'default',
      host: 'local',
      model: 'qwen3-4b-instruct-2507',
      drain: seconds(30),
      gateway: {address: '127.0.0.1', port: 8080, auth: 'key'},
    });
  });

  it('reads quantities with a unit, and keeps what it has written', () => {
    const settings = settingsSchema.parse({budget: '12GiB', drain: '1.5 min'});
    expect(settings).toMatchObject({budget: gib(12), drain: seconds(90)});
    expect(settingsSchema.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  it('reads objectives: shares in percent or not, times, and whether to probe', () => {
    const read = (objectives: object): unknown => settingsSchema.parse({objectives}).objectives;
    expect(read({})).toEqual({target: 0.99, probe: 60_000});
    expect(read({ttft: '2s', tpot: 80, errors: '1%', target: '99.9%', probe: true})).toEqual({
      ...{ttft: 2000, tpot: 80, errors: 0.01, target: 0.999, probe: 60_000},
    });
    expect(read({errors: 0.02, probe: false})).toEqual({errors: 0.02, target: 0.99, probe: false});
    expect(read({probe: '30s'})).toEqual({target: 0.99, probe: 30_000});
  });

  it('reads a CUDA version however it is typed', () => {
    expect(settingsSchema.parse({images: {cuda: 13, base: {vllm: 'x'}}}).images).toEqual({
      cuda: '13',
      base: {vllm: 'x'},
    });
  });

  it.each([
    {images: {base: {nginx: 'x'}}},
    {images: {cuda: 11}},
    {deployment: 'Not A Name'},
    {deployment: `a${'b'.repeat(39)}`},
    {deployment: '../etc'},
    {concurrency: 0},
    {concurrency: 65},
    {kv: 'f32'},
    {budget: 'a lot'},
    {budget: -1},
    {budget: Infinity},
    {drain: '3 fortnights'},
    {objectives: {target: 99}},
    {objectives: {errors: '0%'}},
    {objectives: {ttft: 'soon'}},
    {objectives: {probe: '1s'}},
    {objectives: {probe: 'never'}},
    {gateway: {port: 0}},
    {modle: 'nano'},
  ])('refuses %j', (input) => {
    expect(settingsSchema.safeParse(input).success).toBe(false);
  });
});

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['500ms', 500],
    ['1.5 min', 90_000],
    ['2h', 7_200_000],
    ['250', 250],
    ['soon', undefined],
    ['', undefined],
  ])('%j is %j ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});
