import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {seconds} from '../../../src/base/units.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import type {Berth} from '../../support/berth.ts';
import {converged, Record, saw, served} from './record.ts';
import {errorOf, expectError, Site, type Told} from './site.ts';

describe.skipIf(await needsDocker())(
  'a deploy over SSH that is not alone, or whose connection breaks',
  () => {
    const record = new Record('together');
    let site: Site;
    let other: Berth;
    beforeAll(async () => {
      site = await Site.open();
      other = await site.otherClient();
      await site.must(site.newRelease('--port', String(site.berth.port)));
    }, RIG_START_MS);
    afterEach(() => site.host.restoreNetwork());
    afterAll(async () => {
      await record.conclude();
      await site[Symbol.asyncDispose]();
    });

    it.each(['read-device', 'gate', 'switch'])(
      'sshd restarted at %s: it goes on or fails well, a release serves, and the next run converges',
      async (step) => {
        const {release: before} = await site.settled();
        const flags = site.newRelease();
        const streaming = await site.stream();
        const told = await site.run(flags, [step], () => site.host.restartSshd());
        expect(told.reached).toEqual([step]);
        expectWell(told);
        const {release} = await site.settled();
        if (told.code !== 0 && errorOf(told).code === 'deploy_failed') expect(release).toBe(before);
        const second = await site.converge(flags);
        const streamed = await streaming.stop();
        expect(streamed.failures).toEqual([]);
        record.add({
          fault: `sshd restarted at \`${step}\` of a deploy`,
          saw: saw(told),
          served: served(streamed),
          converged: converged(second),
        });
      },
    );

    it('the network gone for 20 s at gate: the connection is given up, and the host is back before the client ends', async () => {
      const {release: before} = await site.settled();
      const flags = site.newRelease();
      const streaming = await site.stream();
      let back: Promise<void> | undefined;
      const told = await site.run(flags, ['gate'], async () => {
        await site.host.cutNetwork();
        back = systemClock.sleep(seconds(20)).then(() => site.host.restoreNetwork());
      });
      await back;
      expectError(told, 'deploy_failed');
      expect(told.code).toBe(3);
      expect((await site.settled()).release).toBe(before);
      await site.expectNoLocks();
      const second = await site.converge(flags);
      const streamed = await streaming.stop();
      expect(streamed.failures).toEqual([]);
      record.add({
        fault: 'network cut for 20 s at `gate` of a deploy',
        saw: saw(told),
        served: served(streamed),
        converged: converged(second),
      });
    });

    it('a second client during a deploy is refused with the name of the first, who ends well', async () => {
      await site.settled();
      const streaming = await site.stream();
      let refused: Told | undefined;
      let first = 0;
      const flags = site.newRelease();
      const told = await site.watch(site.berth, flags, ['gate'], async (child) => {
        first = child.pid ?? 0;
        // Its candidate waits, so that the second one certainly comes in between.
        const candidate = await newestEngine();
        await site.host.must(['docker', 'pause', candidate]);
        refused = await site.watch(other, site.newRelease('--port', String(site.berth.port)));
        await site.host.must(['docker', 'unpause', candidate]);
      });
      expect(told.code, JSON.stringify(told.value)).toBe(0);
      expect(refused).toBeDefined();
      const second = refused as unknown as Told;
      expectError(second, 'deploy_in_progress');
      expect(errorOf(second).message).toContain(`(pid ${first})`);
      expect((await site.settled()).release).toBe(told.value?.release);
      const streamed = await streaming.stop();
      expect(streamed.failures).toEqual([]);
      record.add({
        fault: 'a second client deploys during the deploy of a first',
        saw: `the first: ${saw(told)}; the second: exit ${String(second.code)}, \`deploy_in_progress\``,
        served: served(streamed),
        converged: converged(await site.converge(flags)),
      });
    });

    /** The engine that was started last. */
    async function newestEngine(): Promise<string> {
      const filter = ['--filter', 'label=dev.berth.role=engine'];
      const newestFirst = await site.host.must(['docker', 'ps', ...filter, '--format', '{{.Names}}']);
      return newestFirst.split('\n')[0] ?? '';
    }
  },
);

/** It has ended well, or with one error that says that the host was lost. */
function expectWell(told: Told): void {
  if (told.code === 0) return;
  expectError(told, 'deploy_failed', 'deploy_unfinished', 'ssh_connection_lost', 'ssh_unreachable');
  expect(told.code, JSON.stringify(told.value)).toBe(3);
}
