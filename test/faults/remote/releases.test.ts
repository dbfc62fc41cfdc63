import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {needsDocker, RIG_START_MS} from '../../rig/rig.ts';
import {converged, Record, saw, served} from './record.ts';
import {errorOf, expectError, Site} from './site.ts';

/** Engines that hurt: what stands in the image in the place of the real one. */
const ENGINES = {
  exits: `console.error('no such instruction'); process.exit(3);`,
  garbage: `import {createServer} from 'node:http';
createServer((request, response) => response.end('<html>It works!</html>')).listen(8000, '0.0.0.0');`,
  hungry: `const held = [];
setInterval(() => held.push(Buffer.alloc(64 * 1024 ** 2, 1)), 20);`,
  hangs: `setInterval(() => undefined, 60_000);`,
};
type Bad = keyof typeof ENGINES;

describe.skipIf(await needsDocker())('a release that hurts, on a host over SSH', () => {
  const record = new Record('releases');
  let site: Site;
  beforeAll(async () => {
    site = await Site.open();
    await site.must(site.newRelease());
    await site.host.must(['docker', 'tag', site.image, 'good']);
    for (const [name, program] of Object.entries(ENGINES)) {
      const script =
        'cat > main.ts && printf "FROM good\\nCOPY main.ts /opt/berth/src/engines/embedded/main.ts\\n" > Dockerfile';
      await site.host.must(
        ['sh', '-c', `mkdir -p /tmp/bad && cd /tmp/bad && ${script} && docker build -q -t bad:${name} .`],
        {input: program},
      );
    }
  }, RIG_START_MS);
  afterEach(() => site.host.must(['docker', 'tag', 'good', site.image]));
  afterAll(async () => {
    await record.conclude();
    await site.host.must(['sh', '-c', 'docker rmi -f good bad:exits bad:garbage bad:hungry bad:hangs']);
    await site[Symbol.asyncDispose]();
  });

  it.each<[Bad, string, string, RegExp]>([
    ['exits', 'exits at once', 'auto', /no such instruction/],
    ['exits', 'exits at once', 'swap', /no such instruction/],
    ['garbage', 'answers garbage', 'auto', /./],
    ['hungry', 'runs out of memory', 'auto', /used more memory than it may/],
  ])('%s: %s (update %s): refused in seconds, the old one serves', async (bad, what, update, evidence) => {
    const {release: before} = await site.settled();
    const flags = site.newRelease('--update', update);
    const streaming = await site.stream();
    await site.host.must(['docker', 'tag', `bad:${bad}`, site.image]);
    // From here on the name is that of the good image again: what the host goes back to must be able to start.
    const good = () => site.host.must(['docker', 'tag', 'good', site.image]);
    const told = await site.run(flags, ['gate'], good);
    expectError(told, 'deploy_failed');
    expect(JSON.stringify(told.value)).toMatch(evidence);
    expect((await site.settled()).release).toBe(before);
    const second = await site.converge(flags);
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    record.add({
      fault: `new release ${what} (update ${update})`,
      saw: saw(told),
      served: served(streamed),
      converged: `with a good image: ${converged(second)}`,
    });
  });

  it('hangs in loading: the person gives up, the old one serves', async () => {
    const {release: before} = await site.settled();
    const flags = site.newRelease();
    const streaming = await site.stream();
    await site.host.must(['docker', 'tag', 'bad:hangs', site.image]);
    const told = await site.run(flags, ['gate/ready'], (child) => child.kill('SIGINT'));
    await site.host.must(['docker', 'tag', 'good', site.image]);
    expect(told.reached).toEqual(['gate/ready']);
    expect(told.code).toBe(130);
    expect((await site.settled()).release).toBe(before);
    const second = await site.converge(flags);
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    record.add({
      fault: 'new release hangs in loading, Ctrl-C',
      saw: `exit ${String(told.code)}, \`${errorOf(told).code}\``,
      served: served(streamed),
      converged: converged(second),
    });
  });

  it('the name of its image was taken away by hand: a rollback gives it back and serves', async () => {
    const {release: before} = await site.settled();
    await site.must(site.newRelease());
    const streaming = await site.stream();
    await site.host.must(['docker', 'rmi', 'good']);
    await site.host.must(['docker', 'rmi', '--force', '--no-prune', site.image]);
    const told = await site.run(['rollback', '--host', 'rig1', String(before)]);
    await site.host.must(['docker', 'tag', site.image, 'good']);
    expect(told.code, JSON.stringify(told.value)).toBe(0);
    expect((await site.settled()).release).toBe(before);
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    record.add({
      fault: 'the tag of the image removed by hand, then `berth rollback`',
      saw: saw(told),
      served: served(streamed),
      converged: `the tag is back, release ${String(before)} serves`,
    });
  });

  it('its image is nowhere any more: a rollback is refused with what to do, the present one serves', async () => {
    const {release: before} = await site.settled();
    const other = 'berth/berth:000000000000';
    const present = await site.must(site.newRelease());
    const file = `/home/ops/.local/state/berth/default/releases/${String(before)}.json`;
    await site.host.must(['sed', '-i', `s#${site.image}#${other}#g`, file]);
    const streaming = await site.stream();
    const told = await site.run(['rollback', '--host', 'rig1', String(before)]);
    expectError(told, 'release_image_gone');
    expect(errorOf(told).message).toContain(other);
    expect((await site.settled()).release).toBe(present.release);
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    record.add({
      fault: 'the image of an earlier release removed everywhere, then `berth rollback`',
      saw: saw(told),
      served: served(streamed),
      converged: `release ${String(present.release)} goes on serving`,
    });
  });

  it("its port is another program's: refused before anything is touched", async () => {
    const {release: before} = await site.settled();
    const streaming = await site.stream();
    const listen = `require('node:net').createServer().listen(9999, '127.0.0.1', () => console.log('listens'))`;
    const inside = ['--net', '--target', String(await site.host.pid()), '--', process.execPath, '-e', listen];
    const other = spawn('nsenter', inside, {stdio: ['ignore', 'pipe', 'inherit']});
    await once(other.stdout, 'data');
    const told = await site.run(site.newRelease('--port', '9999'));
    other.kill('SIGKILL');
    expectError(told, 'port_taken');
    const streamed = await streaming.stop();
    expect(streamed.failures).toEqual([]);
    expect((await site.settled()).release).toBe(before);
    record.add({
      fault: 'port taken by another program on the host',
      saw: saw(told),
      served: served(streamed),
      converged: 'nothing to converge: refused before the first step',
    });
  });
});
