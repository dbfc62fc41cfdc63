import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {systemClock, type Clock} from '../../../src/base/clock.ts';
import {mib, ms, type Duration} from '../../../src/base/units.ts';
import {followCards, startLocally, type CardEvent} from '../../../src/card/index.ts';
import {pauseAfter, type StartLoop} from '../../../src/card/nvidia/follow.ts';
import {temporaryFolder} from '../../support/temporary.ts';

/** The double of nvidia-smi: real formats, no card. */
const DOUBLE = join(import.meta.dirname, '../../fakes/gpu/nvidia-smi');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let abort: AbortController;
beforeEach(async () => {
  folder = await temporaryFolder();
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await folder[Symbol.asyncDispose]();
});

const set = (state: string) => writeFile(join(folder.path, 'state'), state);
const double: StartLoop = ([, ...rest]) =>
  startLocally(['env', `GPU_DOUBLE_DIR=${folder.path}`, DOUBLE, ...rest]);

/** Pauses between two tries are counted, not waited for; silence is real. */
const pauses: Duration[] = [];
const hurried: Clock = {
  ...systemClock,
  sleep: (span, signal) => {
    if (span < 1000) return systemClock.sleep(span, signal);
    pauses.push(span);
    return systemClock.sleep(ms(1), signal);
  },
};

const follow = (start: StartLoop = double, silence = ms(900)): AsyncGenerator<CardEvent, void> => {
  pauses.length = 0;
  return followCards({start, clock: hurried, signal: abort.signal, every: ms(20), silence});
};

const next = async (events: AsyncGenerator<CardEvent, void>): Promise<CardEvent> => {
  const {value} = await events.next();
  if (!value) throw new Error('it ended');
  return value;
};

async function until(
  events: AsyncGenerator<CardEvent, void>,
  wanted: (event: CardEvent) => boolean,
): Promise<CardEvent> {
  for (;;) {
    const event = await next(events);
    if (wanted(event)) return event;
  }
}

describe('following the double of nvidia-smi', () => {
  it('gives row after row from one child, and sees the card change', async () => {
    await set('utilization=1\n');
    let starts = 0;
    const events = follow((argv) => {
      starts++;
      return double(argv);
    });
    expect(await next(events)).toMatchObject({
      state: 'row',
      card: {index: 0, totalBytes: mib(24564), usedBytes: 0, utilizationRatio: 0.01},
    });
    await set('utilization=99\ntemperature=80\n');
    await until(events, (event) => event.state === 'row' && event.card.utilizationRatio === 0.99);
    expect(starts).toBe(1);
  });

  it('tells why a child ended, starts another after a pause, and goes on when the card is back', async () => {
    await set('utilization=1\n');
    const events = follow();
    await next(events);
    await set('fault=lost\n');
    expect(await until(events, ({state}) => state === 'fault')).toMatchObject({
      fault: {name: 'lost'},
      retryIn: 1000,
    });
    expect(await next(events)).toMatchObject({state: 'fault', fault: {name: 'lost'}, retryIn: 2000});
    await set('utilization=7\n');
    expect(await until(events, ({state}) => state === 'row')).toMatchObject({card: {utilizationRatio: 0.07}});
    await set('fault=mismatch\n');
    expect(await until(events, ({state}) => state === 'fault')).toMatchObject({
      fault: {name: 'mismatch'},
      retryIn: 1000,
    });
  });

  it('gives up a child that falls silent', async () => {
    await set('utilization=1\n');
    const events = follow();
    await next(events);
    await set('fault=hang\n');
    expect(await until(events, ({state}) => state === 'fault')).toMatchObject({fault: {name: 'silent'}});
    await set('utilization=5\n');
    expect(await until(events, ({state}) => state === 'row')).toMatchObject({card: {utilizationRatio: 0.05}});
  });
});

describe('following something else', () => {
  it('survives endless garbage, with bounded memory, and says that it is unreadable', async () => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const events = follow(() =>
      startLocally(['sh', '-c', 'head -c 300000000 /dev/zero | tr "\\\\0" x; echo; exit 7']),
    );
    expect(await next(events)).toMatchObject({state: 'fault', fault: {name: 'unreadable'}});
    expect(process.memoryUsage().rss - before).toBeLessThan(mib(250));
    console.log(`300 MB of garbage in ${(performance.now() - started).toFixed(0)} ms`);
  });

  it('says that the program is missing, again and again, each time after a longer pause', async () => {
    const events = follow(() => startLocally(['berth-no-such-program']));
    const fault = {name: 'not-installed'};
    for (const retryIn of [1000, 2000, 4000])
      expect(await next(events)).toMatchObject({state: 'fault', fault, retryIn});
    expect([1, 7, 100].map(pauseAfter)).toEqual([1000, 60_000, 60_000]);
  });

  it('drops a field that an old driver refuses, without a pause', async () => {
    const refuse = `echo 'Field "gpu_recovery_action" is not a valid field to query.'; exit 2`;
    const asked: string[] = [];
    const events = follow(([, ...rest]) => {
      asked.push(rest.join(' '));
      return startLocally(
        rest.some((argument) => argument.includes('gpu_recovery_action'))
          ? ['sh', '-c', refuse]
          : ['sh', '-c', 'echo index, uuid; echo 0, GPU-1; exec sleep 60'],
      );
    });
    expect(await next(events)).toMatchObject({state: 'row', card: {uuid: 'GPU-1'}});
    expect(asked).toHaveLength(2);
    expect(pauses).toEqual([]);
  });

  it('does not pile up children that cannot be ended', async () => {
    let starts = 0;
    const deaf: StartLoop = () => {
      starts++;
      return {
        output: (async function* () {
          await new Promise(() => undefined);
          yield '';
        })(),
        ended: new Promise(() => undefined),
        leave: () => undefined,
      };
    };
    const events = follow(deaf, ms(20));
    for (let turn = 0; turn < 10; turn++) {
      expect(await next(events)).toMatchObject({state: 'fault', fault: {name: 'silent'}});
    }
    expect(starts).toBe(4);
  });

  it('ends when it is told to, with its child', async () => {
    const events = follow(() => startLocally(['sleep', '60']), ms(60_000));
    const waiting = events.next();
    abort.abort();
    expect(await waiting).toEqual({done: true, value: undefined});
  });
});
