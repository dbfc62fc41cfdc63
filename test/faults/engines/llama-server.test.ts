import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {waitFor} from '../../../src/base/wait.ts';
import {needsLlamaServer} from '../../rig/llama-server.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {processesOf} from '../../support/processes.ts';

const program = await needsLlamaServer();

const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
  waitFor(ask, {what: () => what, deadline: seconds(30), clock: systemClock, every: ms(50)});

/** A foreign program knows nothing of its supervisor: neither its channel nor its end. */
describe.skipIf(program === undefined || process.platform !== 'linux')('the real llama-server', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await openBerth({
      BERTH_LLAMA_SERVER: program ?? '',
      BERTH_ENGINE: 'llama-cpp',
      BERTH_THREADS: '1',
      BERTH_CONTEXT: '1024',
      BERTH_CONCURRENCY: '1',
    });
    expect((await berth.json('deploy', '--model', 'nano')).value).toMatchObject({outcome: 'deployed'});
  });
  afterAll(async () => berth[Symbol.asyncDispose]());

  const servers = async (): Promise<number[]> =>
    (await processesOf(berth.home))
      .filter(({command}) => command.includes('--alias nano'))
      .map(({pid}) => pid);
  const onlyServer = (except: number): Promise<number> =>
    until('a new llama-server, and no other', async () => {
      const [pid, ...others] = await servers();
      return pid !== undefined && pid !== except && others.length === 0 ? pid : undefined;
    });

  it('is started again when it is killed, and requests wait for it', async () => {
    const [before = 0] = await servers();
    process.kill(before, 'SIGKILL');
    expect((await berth.ask('Hello!', {temperature: 0})).done).toBe(true);
    expect(await onlyServer(before)).not.toBe(before);
  });

  it('outlives a supervisor that is killed, until the next command ends it and starts another', async () => {
    const [before = 0] = await servers();
    const {supervisor} = (await berth.json('status')).value.pids as {supervisor: number};
    process.kill(supervisor, 'SIGKILL');
    await until('the gateway is gone', async () =>
      (await processesOf(berth.home)).every(({command}) => command.includes('--alias nano'))
        ? true
        : undefined,
    );
    expect(await servers()).toEqual([before]);
    expect((await berth.json('start')).value).toMatchObject({outcome: 'restarted'});
    await onlyServer(before);
    expect((await berth.ask('Hello!', {temperature: 0})).done).toBe(true);
  });

  it('ends with its deployment', async () => {
    await berth.run('stop');
    await until('nothing is left', async () =>
      (await processesOf(berth.home)).length === 0 ? true : undefined,
    );
  });
});
