import type {ChildProcess} from 'node:child_process';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {converged, Record, saw, served} from './record.ts';
import {Site} from './site.ts';

const kill = (child: ChildProcess): void => void child.kill('SIGKILL');
describe.skipIf(await needsDocker())('a client and its connection, during a deploy over SSH', () => {
  const record = new Record('client');
  let site: Site;
  beforeAll(async () => {
    site = await Site.open();
  }, RIG_START_MS);
  afterEach(() => site.host.restoreNetwork());
  afterAll(async () => {
    await record.conclude();
    await site[Symbol.asyncDispose]();
  });

  it('killed at each step of the very first deploy, and the one after serves', async () => {
    // What other files of this run have left there would make its first steps none.
    const forget =
      'docker images -q berth/berth | sort -u | xargs -r docker rmi -f; rm -rf /home/ops/.cache/berth';
    await site.host.must(['sh', '-c', forget]);
    const first = site.newRelease();
    for (const step of ['image/send', 'weights', 'read-device', 'start', 'gate']) {
      const told = await site.run(first, [step], kill);
      expect(told.reached).toEqual([step]);
      const next = step === 'gate' ? 'the next run serves' : 'the next run goes on';
      record.add({
        fault: `client killed at \`${step}\` of the first deploy`,
        saw: saw(told),
        served: 'nothing was deployed',
        converged: next,
      });
    }
    expect(await site.converge(first)).toMatchObject({outcome: 'deployed'});
  }, 300_000);

  it.each([
    ['auto', 'read-device'],
    ['auto', 'start'],
    ['auto', 'gate'],
    ['auto', 'switch'],
    ['auto', 'drain'],
    ['swap', 'stop-old'],
    ['swap', 'gate'],
  ])('killed (update %s) at %s: a release serves, and the next run converges', async (update, step) => {
    const before = (await site.settled()).release;
    const flags = site.newRelease('--update', update);
    const streaming = await site.stream();
    const told = await site.run(flags, [step], kill);
    expect(told).toMatchObject({reached: [step], signal: 'SIGKILL'});
    const {release} = await site.settled();
    if (!['switch', 'drain'].includes(step)) expect(release).toBe(before);
    const second = await site.converge(flags);
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    expect(streamed.answers).toBeGreaterThan(0);
    record.add({
      fault: `client killed at \`${step}\` (update ${update})`,
      saw: saw(told),
      served: served(streamed),
      converged: converged(second),
    });
  });

  it('the network gone for five seconds at each step of one deploy: it goes on', async () => {
    const steps = ['read-device', 'start', 'gate', 'switch', 'drain'];
    const flags = site.newRelease();
    const streaming = await site.stream();
    let back: Promise<void> | undefined;
    const told = await site.run(flags, steps, async () => {
      await back;
      await site.host.cutNetwork();
      back = systemClock.sleep(seconds(5)).then(() => site.host.restoreNetwork());
    });
    await back;
    const streamed = await streaming.stop();
    expect(told.reached).toEqual(steps);
    expect(told.code, JSON.stringify(told.value)).toBe(0);
    expect(streamed.failures).toEqual([]);
    await site.settled();
    const second = await site.converge(flags);
    expect(second.outcome).toBe('unchanged');
    record.add({
      fault: `network cut for 5 s at each step (${steps.join(', ')}) of one deploy`,
      saw: saw(told),
      served: served(streamed),
      converged: converged(second),
    });
  });
});
