import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../../contract/hosts/world.ts';
import {docker} from '../../rig/docker.ts';
import {rigImages} from '../../rig/image.ts';
import {needsDocker} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {openReceiver, type Receiver} from '../../support/receiver.ts';

/** The same deployment as containers: their own network has no way out, and only a watch with webhooks gets one. */
describe.skipIf(await needsDocker())('the alerts of a deployment of containers', () => {
  let berth: Berth;
  let receiver: Receiver;
  // The machine's Docker is shared: a name of its own.
  const name = `alerting-${process.pid}`;
  const where = ['--name', name, '--runtime', 'docker'];
  const networks = async (): Promise<string[]> => {
    const seen = await docker([
      'inspect',
      `berth-${name}-watch`,
      '--format',
      '{{json .NetworkSettings.Networks}}',
    ]);
    return Object.keys(JSON.parse(seen) as object).toSorted();
  };
  const deploy = async (alerts: string): Promise<void> => {
    await writeFile(join(berth.home, 'berth.yaml'), `model: nano\nengine: embedded\n${alerts}`);
    const {code, stderr} = await berth.json('deploy', ...where);
    expect(code, stderr).toBe(0);
  };

  beforeAll(async () => {
    await berthImage();
    berth = await openBerth({BERTH_BASE: (await rigImages()).base});
    // The machine as Docker's own network sees it: from a network without a way out it is not reached.
    const gateway = await docker([
      'network',
      'inspect',
      'bridge',
      '--format',
      '{{(index .IPAM.Config 0).Gateway}}',
    ]);
    receiver = await openReceiver({address: gateway.trim()});
    await deploy('');
  }, 600_000);
  afterAll(async () => {
    await berth.run('stop', '--name', name);
    await berth[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  it('have no way out before somebody is to be told', async () => {
    expect(await networks()).toEqual([`berth-${name}`]);
  });

  it('reach a receiver outside once there is a webhook, and the way is closed with the last of them', async () => {
    await deploy(`alerts:\n  webhooks:\n    - {kind: json, url: "${receiver.url}"}\n`);
    const tested = await until('the webhook', async () => {
      const {code, value} = await berth.json('alerts', 'test', '--name', name);
      return code === 1 && 'error' in value ? undefined : value;
    });
    expect(tested).toMatchObject({webhooks: [{kind: 'json', outcome: 'delivered'}]});
    expect(receiver.received.map(({json}) => json)).toMatchObject([{state: 'test', deployment: name}]);
    expect(await networks()).toEqual([`berth-${name}`, `berth-${name}-door`]);
    await deploy('');
    await until('the way to be closed', async () => ((await networks()).length === 1 ? true : undefined));
  });
});
