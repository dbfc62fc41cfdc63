import {access} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import type {ProgressEvent} from '../../../src/base/progress.ts';
import {gib, mib, ms, seconds} from '../../../src/base/units.ts';
import {openCpuDevice} from '../../../src/card/index.ts';
import type {DeployParts} from '../../../src/deploy/index.ts';
import {takeStartLock, takeTurn} from '../../../src/deploy/start/start-lock.ts';
import {putIntoService} from '../../../src/deploy/service.ts';
import {engineFor, type Engine} from '../../../src/engines/index.ts';
import {gatewayConfigSchema, gatewaySpec} from '../../../src/gateway/index.ts';
import {localFiles} from '../../../src/hosts/local/files.ts';
import {openLocalHost, type EngineSpec} from '../../../src/hosts/index.ts';
import {writeNano} from '../../../src/models/index.ts';
import {freePort} from '../../support/berth.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const never = new AbortController().signal;
/** From https://github.com/vllm-project/vllm/issues/56830. */
const LINE =
  'AssertionError: Error in memory profiling. Initial free memory 82.94 GiB, current free memory 90.17 GiB.';

/** Runs a real engine with nano, but its first starts end with vLLM's line: `$0` of them, counted by files. */
const UNLUCKY = `n=0; while [ -e "$MARK.$n" ]; do n=$((n+1)); done
if [ "$n" -lt "$FAILURES" ]; then : > "$MARK.$n"; echo "$LINE" >&2; exit 1; fi
exec "$@"`;

describe('a candidate whose neighbour gave memory back while it measured the card', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeNano(join(folder.path, 'nano.gguf'));
  });
  afterAll(async () => folder[Symbol.asyncDispose]());

  /** Puts one release into service whose engine ends `failures` times before it runs. */
  async function serve(name: string, failures: number): Promise<{events: ProgressEvent[]; error: unknown}> {
    const stateRoot = join(folder.path, name);
    await using host = openLocalHost({
      stateRoot,
      env: process.env,
      clock: systemClock,
      compileCache: join(folder.path, 'compiled'),
    });
    const runtime = await host.runtime('process');
    const vllm = engineFor('vllm');
    const engine: Engine = {...engineFor('embedded'), explain: (lines) => vllm.explain(lines)};
    const launched = engine.launch({
      ...{release: 1, model: 'nano', weightsFile: join(folder.path, 'nano.gguf')},
      settings: {contextTokens: 512, sequences: 1, kvType: 'f16', batchTokens: 512, queue: 8, threads: 1},
      predictedPeakBytes: mib(300),
    });
    const spec: EngineSpec = {
      ...launched,
      argv: ['/bin/sh', '-c', UNLUCKY, 'sh', ...launched.argv],
      env: {...launched.env, MARK: join(folder.path, `${name}.start`), FAILURES: String(failures), LINE},
    };
    const events: ProgressEvent[] = [];
    const device = openCpuDevice({clock: systemClock});
    const parts = {clock: systemClock, progress: (event: ProgressEvent) => events.push(event), device};
    const gateway = gatewaySpec(
      {...gatewayConfigSchema.parse({auth: 'none'}), port: await freePort()},
      {stateFolder: join(stateRoot, 'demo')},
    );
    try {
      await putIntoService(parts as unknown as DeployParts, {
        ...{
          site: {name: 'demo', runtime, observed: await runtime.observe('demo')},
          engine,
          ladder: 'fresh',
          spec,
        },
        ...{contextTokens: 512, gateway, drain: seconds(1), owner: 'test', signal: never},
        // Readings of this busy machine move; what is proven here is the order of events.
        quiet: {window: ms(200), tolerance: gib(1000), every: ms(50), deadline: seconds(20)},
      });
      return {events, error: undefined};
    } catch (error) {
      return {events, error};
    } finally {
      await runtime.stop('demo', seconds(1));
    }
  }

  const told = (events: readonly ProgressEvent[]): string[] =>
    events.flatMap(({id, status}) =>
      ['start', 'gate', 'quiet', 'switch'].includes(id) ? [`${id} ${status}`] : [],
    );

  it.skipIf(process.platform === 'win32')('is started again once the card is quiet, and serves', async () => {
    const {events, error} = await serve('once', 1);
    expect(error).toBeUndefined();
    expect(told(events).filter((event) => !event.endsWith('running'))).toEqual([
      ...['start started', 'start done', 'gate started', 'gate failed', 'quiet started', 'quiet done'],
      ...['start started', 'start done', 'gate started', 'gate done', 'switch started', 'switch done'],
    ]);
  });

  it.skipIf(process.platform === 'win32')('is given up after three starts, with the reason', async () => {
    const {error} = await serve('always', 99);
    expect(error).toMatchObject({code: 'gate_failed', details: {knownCause: 'memory_changed'}});
    expect((error as Error & {lastLines: string[]}).lastLines).toContain(LINE);
    await access(join(folder.path, 'always.start.2'));
    await expect(access(join(folder.path, 'always.start.3'))).rejects.toThrow('ENOENT');
  });
});

describe('the start lock of a device', () => {
  const times = {beat: ms(50), ttl: ms(400)};
  const take = (stateRoot: string, deviceId: string, patience = seconds(10)) =>
    takeStartLock(
      {stateRoot, files: localFiles},
      {deviceId, clock: systemClock, signal: never, patience, times},
    );

  it('lets one start after the other', async () => {
    await using folder = await temporaryFolder();
    const order: string[] = [];
    const first = await take(folder.path, 'GPU-1');
    const second = take(folder.path, 'GPU-1').then((lock) => {
      order.push('second starts');
      return lock;
    });
    await using other = await take(folder.path, 'GPU-2');
    expect(other.lost.aborted).toBe(false);
    order.push('first ends');
    await first[Symbol.asyncDispose]();
    await using _second = await second;
    expect(order).toEqual(['first ends', 'second starts']);
  });

  it('is taken by everything that starts on a card, and by nothing that starts in RAM', async () => {
    await using folder = await temporaryFolder();
    const turn = (kind: 'cpu' | 'gpu') => {
      const device = {facts: () => Promise.resolve({kind, id: kind === 'gpu' ? 'GPU-1' : 'cpu'})};
      const host = {stateRoot: folder.path, files: localFiles};
      const told: string[] = [];
      const progress = ({id, status}: ProgressEvent) => void told.push(`${id} ${status}`);
      const parts = {host, device, clock: systemClock, progress} as unknown as DeployParts;
      return {told, taken: takeTurn(parts, never)};
    };
    const first = turn('gpu');
    const held = await first.taken;
    const second = turn('gpu');
    await using _one = await turn('cpu').taken;
    await using _two = await turn('cpu').taken;
    expect(second.told).not.toContain('start-lock done');
    await held[Symbol.asyncDispose]();
    await using then = await second.taken;
    expect(then.signal.aborted).toBe(false);
    expect(second.told).toEqual(['start-lock started', 'start-lock done']);
  });

  it('says who does not end', async () => {
    await using folder = await temporaryFolder();
    await using first = await take(folder.path, 'GPU-1');
    await expect(take(folder.path, 'GPU-1', ms(100))).rejects.toMatchObject({
      code: 'card_busy',
      details: {device: 'GPU-1', owner: expect.stringContaining(first.owner) as string},
    });
  });
});
