import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {converged, Record, saw, served} from './record.ts';
import {expectError, Site, until} from './site.ts';

/** What a client says whose host has lost what it was working with. */
const LOST = [
  ...['ssh_connection_lost', 'ssh_unreachable', 'agent_gone', 'supervisor_gone', 'transition_over'],
  ...['docker_unreachable', 'docker_failed', 'docker_not_running', 'deploy_failed', 'host_lost'],
];

/** The request under way, and those that come in the moment before watch has noticed that their engine is gone. */
const FEW = 10;

describe.skipIf(await needsDocker())('a host and its containers, in trouble', () => {
  const record = new Record('host');
  let site: Site;
  beforeAll(async () => {
    site = await Site.open();
    await site.must(site.newRelease());
  }, RIG_START_MS);
  afterAll(async () => {
    await record.conclude();
    await site[Symbol.asyncDispose]();
  });

  const engine = async (): Promise<string> => (await site.containersOf('engine'))[0] ?? '';
  const gateway = async (): Promise<string> => (await site.containersOf('gateway'))[0] ?? '';
  const watch = 'berth-default-watch';

  /** Does something to the host and waits until the same release serves again, with nobody's help. */
  async function backByItself(fault: string, act: () => Promise<unknown>, why: string): Promise<void> {
    const before = (await site.settled()).release;
    await act();
    const started = systemClock.elapsed();
    expect((await site.settled()).release).toBe(before);
    const took = ((systemClock.elapsed() - started) / 1000).toFixed(0);
    const streaming = await site.stream();
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    record.add({
      fault,
      saw: 'no command ran',
      served: why,
      converged: `by itself, release ${String(before)} answers ${took} s later`,
    });
  }

  it.each([['orderly'], ['power-cut']] as const)('a reboot (%s): the deployment is back by itself', (how) =>
    backByItself(`host rebooted (${how})`, () => site.host.reboot(how), 'nothing while the host was down'),
  );

  it('Docker restarted: the deployment is back by itself', () =>
    backByItself(
      'Docker restarted on the host',
      () => site.host.restartDocker(),
      'nothing while Docker was down: it ends its containers',
    ));

  it.each([
    ['start', 'Docker restarted', () => site.host.restartDocker()],
    ['gate', 'Docker restarted', () => site.host.restartDocker()],
    ['gate', 'host rebooted (power-cut)', () => site.host.reboot('power-cut')],
  ])('%s of a deploy: %s: the old release is back, and the next run converges', async (step, fault, act) => {
    const before = (await site.settled()).release;
    const flags = site.newRelease();
    const told = await site.run(flags, [step], act);
    expect(told.reached).toEqual([step]);
    expectError(told, ...LOST);
    expect((await site.settled()).release).toBe(before);
    const second = await site.converge(flags);
    record.add({
      fault: `${fault} at \`${step}\` of a deploy`,
      saw: saw(told),
      served: `nothing while it was down, then release ${String(before)} again`,
      converged: converged(second),
    });
  });

  it.each([
    [
      'process of watch killed',
      async () => site.host.must(['sh', '-c', `kill -9 $(docker inspect -f '{{.State.Pid}}' ${watch})`]),
      0,
    ],
    ['engine container killed', async () => site.host.must(['docker', 'kill', await engine()]), FEW],
    ['engine container removed', async () => site.host.must(['docker', 'rm', '-f', await engine()]), FEW],
  ] as const)('%s: it is back by itself', async (fault, act, mayFail) => {
    const before = (await site.settled()).release;
    const streaming = await site.stream();
    const old = await site.host.must(['docker', 'ps', '-q', '--no-trunc']);
    await act();
    await until('another container or another start of it', async () => {
      const now = await site.host.must(['docker', 'ps', '-q', '--no-trunc']);
      const restarts = await site.host.exec(['docker', 'inspect', '-f', '{{.RestartCount}}', watch]);
      return now !== old || restarts.stdout.trim() !== '0' ? true : undefined;
    });
    expect((await site.settled()).release).toBe(before);
    const streamed = await streaming.stop();
    expect(streamed.failures.length, streamed.failures.join('\n')).toBeLessThanOrEqual(mayFail);
    expect(streamed.answers).toBeGreaterThan(0);
    record.add({
      fault,
      saw: 'no command ran',
      served: served(streamed),
      converged: `by itself, release ${String(before)}`,
    });
  });

  it.each([
    ['gateway container killed', async () => site.host.must(['docker', 'kill', await gateway()])],
    ['gateway container removed', async () => site.host.must(['docker', 'rm', '-f', await gateway()])],
  ])('%s: it is back by itself', async (fault, act) => {
    const before = (await site.settled()).release;
    const old = await gateway();
    await act();
    const started = systemClock.elapsed();
    await until('another gateway', async () => ![old, ''].includes(await gateway()) || undefined);
    expect((await site.settled()).release).toBe(before);
    const took = ((systemClock.elapsed() - started) / 1000).toFixed(0);
    record.add({
      fault,
      saw: 'no command ran',
      served: 'requests under way broke off, new ones were refused until it was back',
      converged: `by itself, ${took} s later`,
    });
  });

  it.each([
    ['watch container killed by hand', ['docker', 'kill', watch]],
    ['watch container removed by hand', ['docker', 'rm', '-f', watch]],
  ])('%s: what runs serves on, and the next run takes it over', async (fault, argv) => {
    const {release: before} = await site.settled();
    const streaming = await site.stream();
    const running = [await engine(), await gateway()];
    await site.host.must(argv);
    const status = await site.status();
    const second = await site.must(['start', '--host', 'rig1']);
    expect([await engine(), await gateway()]).toEqual(running);
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    expect((await site.settled()).release).toBe(before);
    record.add({
      fault,
      saw: `\`berth status\`: ${String(status.state)}`,
      served: served(streamed),
      converged: `\`berth start\`: ${String(second.outcome)}, the same engine and gateway`,
    });
  });

  it('the image deleted by hand, then the engine killed: the next deploy sends it again', async () => {
    const flags = site.newRelease();
    await site.host.must(['docker', 'rmi', '--force', '--no-prune', site.image]);
    await site.host.must(['docker', 'kill', await engine()]);
    const second = await site.converge(flags);
    record.add({
      fault: 'image deleted by hand, engine container killed',
      saw: 'the deploy sent the image again',
      served: 'nothing until then: Docker cannot start an engine without its image',
      converged: converged(second),
    });
  });
});
