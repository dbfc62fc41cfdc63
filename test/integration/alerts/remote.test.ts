import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../../contract/hosts/world.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {openReceiver, type Receiver} from '../../support/receiver.ts';

/** A deployment of containers on another host over SSH: what is told comes from there, not from whoever deployed. */
describe.skipIf(await needsDocker())('the alerts of a deployment on another host', () => {
  let rig: Rig;
  let berth: Berth;
  let receiver: Receiver;
  const where = ['--host', 'rig1', '--name', 'remote'];

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    await berthImage();
    const [host] = rig.hosts;
    // This machine, on the network of the rig's hosts.
    receiver = await openReceiver({address: host.address.replace(/\d+$/, '1')});
    berth = await openBerth({BERTH_BASE: (await rigImages()).base, OPS_URL: receiver.url});
    const key = ['--identity', host.keyFile, '--host-key', await host.hostKeyFingerprint()];
    const added = await berth.run('host', 'add', 'rig1', `ssh://ops@${host.address}`, ...key);
    expect(added.code, added.stderr).toBe(0);
    await writeFile(
      join(berth.home, 'berth.yaml'),
      'model: nano\nengine: embedded\nalerts:\n  webhooks:\n    - {kind: json, name: ops, url: "env:OPS_URL"}\n',
    );
    const deployed = await berth.json('deploy', ...where);
    expect(deployed.code, deployed.stderr).toBe(0);
  }, RIG_START_MS);
  afterAll(async () => {
    await berth.run('stop', ...where);
    await berth[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  it('are tested from there', async () => {
    const tested = await until('the webhook', async () => {
      const {code, value} = await berth.json('alerts', 'test', ...where);
      return code === 1 && 'error' in value ? undefined : value;
    });
    expect(tested).toMatchObject({
      deployment: 'remote',
      sentFrom: 'rig1',
      webhooks: [{name: 'ops', outcome: 'delivered'}],
    });
    expect(receiver.received).toMatchObject([
      {from: rig.hosts[0].address, json: {state: 'test', deployment: 'remote', host: 'rig1'}},
    ]);
  });

  it('leave their secret there in one file for its owner alone', async () => {
    const search = 'grep -rl k3y-that-nobody-may-see /home /var/lib | xargs -r stat -c "%a %U %n"';
    const found = await rig.hosts[0].must(['sh', '-c', search]);
    expect(found).toMatch(/^600 ops \S*\/remote\/alerts\.json$/);
  });
});
