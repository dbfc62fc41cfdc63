import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms} from '../../../src/base/units.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {freePort} from '../../support/berth.ts';
import {converged, Record, saw, served} from './record.ts';
import {addHost, errorOf, Site, type Told} from './site.ts';

/** Every step of a deploy that is changing its host, each with a deployment of its own. */
const STEPS = [
  ['read-device', 'auto'],
  ['start', 'auto'],
  ['gate', 'auto'],
  ['switch', 'auto'],
  ['drain', 'auto'],
  ['stop-old', 'swap'],
] as const;

/** Noticing (14 s), trying to have the connection again (30 s and a try), and one try for each thing left to tidy up. */
const MOST_MS = 120_000;

interface Lane {
  step: string;
  update: string;
  /** Of the deployment, and of the host for its client, who knows it by an address of its own. */
  name: string;
  address: string;
  port: number;
}

describe.skipIf(await needsDocker())('the network, cut for good during a deploy over SSH', () => {
  const record = new Record('network');
  let site: Site;
  let lanes: Lane[];
  const flagsOf = ({name, port, update}: Lane): string[] =>
    site.newReleaseOn(name, '--name', name, '--port', String(port), '--update', update);

  beforeAll(async () => {
    site = await Site.open();
    lanes = [];
    for (const [index, [step, update]] of STEPS.entries()) {
      const lane = {
        ...{step, update, name: `at-${step}`},
        address: await site.host.addAddress(index + 1),
        port: await freePort(),
      };
      await addHost(site.berth, lane.name, site.host, lane.address);
      lanes.push(lane);
    }
    // The first one sends the image.
    const [first, ...others] = lanes;
    for (const some of [first ? [first] : [], others]) {
      await Promise.all(some.map((lane) => site.must(flagsOf(lane))));
    }
  }, RIG_START_MS);
  afterAll(async () => {
    await record.conclude();
    await site[Symbol.asyncDispose]();
  });

  /** Deploys, cuts the way at the lane's step, and tells how the client ended and how long after the cut. */
  async function cutOff(lane: Lane, flags: readonly string[]): Promise<{told: Told; tookMs: number}> {
    let cutAt = 0;
    const told = await site.run(flags, [lane.step], async () => {
      await site.host.cutNetwork(lane.address);
      cutAt = systemClock.elapsed();
    });
    return {told, tookMs: systemClock.elapsed() - cutAt};
  }

  /** What the client said, which must be true of the host. */
  function expectTruth({step, name}: Lane, told: Told, release: unknown): void {
    const said = `${step}: ${JSON.stringify(told.value)}`;
    const {code, exit, why, try: commands} = errorOf(told);
    expect(told.reached, said).toEqual([step]);
    expect([told.code, exit], said).toEqual([3, 3]);
    expect(why, said).not.toBe('');
    expect(commands, said).toContain(`berth host check ${name}`);
    switch (code) {
      case 'ssh_connection_lost':
      case 'ssh_unreachable':
      case 'deploy_failed':
        expect(release, said).toBe(1);
        break;
      case 'deploy_unfinished':
        expect(release, said).toBe(2);
        break;
      case 'deploy_uncertain':
        expect([1, 2], said).toContain(release);
        break;
      default:
        expect.unreachable(said);
    }
  }

  it(`at ${STEPS.map(([step]) => step).join(', ')}: the client says so in time, a release serves, and the next run converges`, async () => {
    const names = lanes.map(({name}) => name);
    const plans = lanes.map((lane) => ({lane, flags: flagsOf(lane)}));
    const streaming = await Promise.all(lanes.map(({name, port}) => site.stream(name, port, name, ms(500))));
    const ended = await Promise.all(plans.map(({lane, flags}) => cutOff(lane, flags)));
    // With every client's way still cut: the host has come to rest by itself.
    await site.settled(...names);
    for (const [index, lane] of lanes.entries()) {
      const {told, tookMs} = ended[index] ?? expect.unreachable();
      expectTruth(lane, told, (await site.status('--name', lane.name)).release);
      expect(tookMs, lane.step).toBeLessThan(MOST_MS);
    }
    await site.host.restoreNetwork();
    const second = await Promise.all(plans.map(({flags}) => site.must(flags)));
    await site.settled(...names);
    await site.expectNoLocks();
    for (const [index, {step, update}] of lanes.entries()) {
      const {told, tookMs} = ended[index] ?? expect.unreachable();
      const streamed = await (streaming[index] ?? expect.unreachable()).stop();
      expect(streamed.failures, step).toEqual([]);
      expect(streamed.answers, step).toBeGreaterThan(0);
      record.add({
        fault: `network cut for good at \`${step}\` (update ${update})`,
        saw: `${saw(told)} (${(tookMs / 1000).toFixed(0)} s after the cut)`,
        served: `${served(streamed)}, the longest took ${(streamed.longestMs / 1000).toFixed(0)} s`,
        converged: converged(second[index] ?? {}),
      });
    }
  }, 400_000);
});
