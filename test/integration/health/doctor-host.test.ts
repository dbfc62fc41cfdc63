import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {needsDocker, openRig, RIG_START_MS, type Rig, type RigHost} from '../../rig/rig.ts';
import {openBerth, type Berth} from '../../support/berth.ts';

interface Check {
  name: string;
  state: string;
  message: string;
  try?: string[];
}

/** What a doctor finds of a host over SSH. The card is the rig's double; no image of Berth is on the host. */
describe.skipIf(await needsDocker())('berth doctor --host', () => {
  let rig: Rig;
  let host: RigHost;
  let berth: Berth;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    host = rig.hosts[0];
    berth = await openBerth();
    for (const user of ['ops', 'admin', 'plain']) {
      const key = ['--identity', host.keyFile, '--host-key', await host.hostKeyFingerprint()];
      const {code, stderr} = await berth.run('host', 'add', user, `ssh://${user}@${host.address}`, ...key);
      expect(code, stderr).toBe(0);
    }
  }, RIG_START_MS);
  afterEach(() => host.restore());
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  const examine = async (user = 'ops', ...flags: string[]) => {
    const {code, value, stderr} = await berth.json('doctor', '--host', user, ...flags);
    const {checks} = value as unknown as {checks: Check[] | undefined};
    expect(checks, `${JSON.stringify(value)}\n${stderr}`).toBeDefined();
    return {code, of: (name: string) => checks?.find((check) => check.name === name)};
  };

  it('finds a whole host whole, without a card and without an image, and builds none', async () => {
    const {code, of} = await examine();
    expect(code).toBe(0);
    for (const name of [
      'reach',
      'folders',
      'disk',
      'memory',
      'docker',
      'gpu',
      'port',
      'clock',
      'leftovers',
    ]) {
      expect(of(name), name).toMatchObject({state: 'pass'});
    }
    expect(of('container')).toMatchObject({state: 'skipped'});
    expect(of('hubs')).toMatchObject({state: 'skipped', try: ['berth image build berth --host ops']});
    expect(await host.must(['docker', 'ps', '-aq'])).toBe('');
    expect((await examine('admin')).code).toBe(0);
  }, 120_000);

  it('says who may not use Docker, and asks what can be asked all the same', async () => {
    const {code, of} = await examine('plain');
    expect(code).toBe(1);
    expect(of('docker')).toMatchObject({state: 'fail', try: ['sudo usermod -aG docker plain']});
    expect(of('leftovers')).toMatchObject({
      state: 'skipped',
      message: 'not asked, because this failed: Docker',
    });
    expect(of('disk')).toMatchObject({state: 'pass'});
  }, 120_000);

  it('says that Docker does not run', async () => {
    await host.stopDocker();
    const {code, of} = await examine();
    expect(code).toBe(1);
    expect(of('docker')).toMatchObject({state: 'fail', try: ['sudo systemctl start docker']});
  }, 120_000);

  it('finds a full disk, a taken port, and a container that nobody keeps', async () => {
    const image = await host.baseImage();
    const labels = ['--label', 'dev.berth.role=engine', '--label', 'dev.berth.deployment=lost'];
    await host.must(['docker', 'run', '-d', '--name', 'orphan', ...labels, image, 'sleep', '600']);
    await host.fillDisk();
    const {code, of} = await examine('ops', '--port', '22');
    expect(code).toBe(1);
    expect(of('disk')).toMatchObject({state: 'fail'});
    expect(of('port')).toMatchObject({state: 'fail', try: ['berth deploy --host ops --port 23']});
    expect(of('leftovers')).toMatchObject({state: 'warn', try: ['docker rm -f orphan']});
  }, 120_000);

  it('tells what the card says: nothing wrong, a driver that is too old, a lost card, no driver', async () => {
    await host.gpu.plugIn({driver: '580.65.06', cuda: '13.0'});
    const whole = await examine();
    expect(whole.of('gpu')).toMatchObject({state: 'pass'});
    expect(whole.of('cuda')).toMatchObject({state: 'pass'});
    // The card answers, and what is missing is an image to try a container with.
    expect(whole.of('container')).toMatchObject({
      state: 'skipped',
      try: ['berth image build berth --host ops'],
    });
    await host.gpu.set({driver: '550.54.14', cuda: '12.4'});
    expect((await examine()).of('cuda')).toMatchObject({
      state: 'warn',
      message: expect.stringContaining('580') as string,
    });
    await host.gpu.set({fault: 'lost'});
    expect((await examine('ops', '--card', '0')).of('gpu')).toMatchObject({
      state: 'fail',
      try: expect.arrayContaining(['sudo reboot']) as string[],
    });
    await host.gpu.set({fault: 'no-driver'});
    const without = await examine('ops', '--card', '0');
    expect(without).toMatchObject({code: 1});
    expect(without.of('gpu')).toMatchObject({state: 'fail'});
    expect(without.of('container')).toMatchObject({state: 'skipped'});
  }, 240_000);

  it('is out of reach with exit 3, and says that nothing else could be asked', async () => {
    await host.cutNetwork();
    const {code, of} = await examine();
    expect(code).toBe(3);
    expect(of('reach')).toMatchObject({state: 'fail'});
    expect(of('disk')).toMatchObject({state: 'skipped', message: 'not asked, because this failed: reached'});
  }, 120_000);
});
