import {describe, expect, it} from 'vitest';
import type {Clock} from '../../../src/base/clock.ts';
import {bytes} from '../../../src/base/units.ts';
import type {ProcessReading} from '../../../src/card/index.ts';
import {ContainerNames} from '../../../src/watch/container-names.ts';

const [a, b] = ['a1'.repeat(32), 'b2'.repeat(32)];
const seen = (...ids: (string | undefined)[]): {processes: ProcessReading[]} => ({
  processes: ids.map((containerId, at) => ({
    pid: at + 1,
    name: 'python3',
    command: 'python3',
    usedBytes: bytes(1),
    ...(containerId !== undefined && {containerId}),
  })),
});

function open(answers: ReadonlyMap<string, string>[]): {
  names: ContainerNames;
  asked: () => number;
  wait: (ms: number) => void;
} {
  let [asked, now] = [0, 0];
  const clock = {elapsed: () => now} as Clock;
  const list = (): Promise<ReadonlyMap<string, string>> => {
    const answer = answers[asked++];
    return answer ? Promise.resolve(answer) : Promise.reject(new Error('no Docker'));
  };
  const wait = (ms: number): void => void (now += ms);
  return {names: new ContainerNames({list, clock}), asked: () => asked, wait};
}

describe('names of containers', () => {
  it('are asked for when one is new, and not for programs of the host', async () => {
    const {names, asked} = open([
      new Map([[a, 'notebook']]),
      new Map([
        [a, 'renamed'],
        [b, 'train'],
      ]),
    ]);
    await names.learn(seen(undefined));
    expect(asked()).toBe(0);
    await names.learn(seen(a, undefined));
    await names.learn(seen(a, a));
    expect([asked(), names.of(a), names.of(b)]).toEqual([1, 'notebook', undefined]);
    await names.learn(seen(a, b));
    expect([asked(), names.of(a), names.of(b)]).toEqual([2, 'notebook', 'train']);
  });

  it('that Docker does not know are not asked for again until they come anew', async () => {
    const {names, asked} = open([new Map(), new Map()]);
    await names.learn(seen(a));
    await names.learn(seen(a));
    expect([asked(), names.of(a)]).toEqual([1, undefined]);
    await names.learn(seen());
    await names.learn(seen(a));
    expect(asked()).toBe(2);
  });

  it('are left alone for a minute where there is no Docker', async () => {
    const {names, asked, wait} = open([]);
    await names.learn(seen(a));
    wait(59_000);
    await names.learn(seen(a));
    expect(asked()).toBe(1);
    wait(1000);
    await names.learn(seen(a));
    expect([asked(), names.of(a)]).toEqual([2, undefined]);
  });
});
