import {execFile} from 'node:child_process';
import {createHmac} from 'node:crypto';
import {readFile, stat, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../../contract/hosts/world.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {holder, type Holder} from '../../support/holder.ts';
import {openReceiver, type Receiver} from '../../support/receiver.ts';

const KEY = 'k3y-that-nobody-may-see';
const SECRET = 's1gned-with-this';

/** A deployment as a person makes it, and a receiver of webhooks on this machine. */
describe.skipIf(process.platform !== 'linux')('the alerts of a deployment', () => {
  let berth: Berth;
  let receiver: Receiver;
  let tenant: Holder;
  let settings: string;
  const ids = (): string[] => receiver.received.map(({json}) => `${String(json.state)} ${String(json.id)}`);
  const configured = (more = ''): string => `
model: nano
guard: {breach: watch}
alerts:
  webhooks:
    - {kind: json, name: ops, url: "env:OPS_URL", secret: "file:ops.secret"}${more}
`;

  beforeAll(async () => {
    receiver = await openReceiver({path: `/${KEY}`});
    berth = await openBerth({OPS_URL: receiver.url});
    settings = join(berth.home, 'berth.yaml');
    await writeFile(settings, configured());
    await writeFile(join(berth.home, 'ops.secret'), `${SECRET}\n`, {mode: 0o600});
    tenant = await holder();
    const deployed = await berth.json('deploy');
    expect(deployed.code, deployed.stderr).toBe(0);
  });
  afterAll(async () => {
    tenant[Symbol.dispose]();
    await berth[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  it('are tested by a command, signed as the receiver checks it', async () => {
    const {code, value} = await berth.json('alerts', 'test');
    expect(value).toMatchObject({
      schema: 'berth.alerts-test/1',
      deployment: 'default',
      sentFrom: hostname(),
      webhooks: [{name: 'ops', kind: 'json', outcome: 'delivered'}],
    });
    expect(code).toBe(0);
    const [sent] = receiver.received.splice(0);
    expect(sent?.path).toBe(`/${KEY}`);
    expect(sent?.json).toMatchObject({schema: 'berth.alert/1', state: 'test', host: hostname()});
    const stamp = String(sent?.headers['x-berth-timestamp']);
    const signature = createHmac('sha256', SECRET)
      .update(`${stamp}.${sent?.body ?? ''}`)
      .digest('hex');
    expect(sent?.headers['x-berth-signature']).toBe(`sha256=${signature}`);
  });

  it('tell of a broken lease once, and once of its end', async () => {
    const adopted = await berth.json(
      'lease',
      'adopt',
      String(tenant.pid),
      '--as',
      'notebook',
      '--ram',
      '150MiB',
    );
    expect(adopted.code, adopted.stderr).toBe(0);
    tenant.hold(300);
    await receiver.until(1);
    expect((await berth.json('lease', 'resize', 'notebook', '--ram', '450MiB')).code).toBe(0);
    await receiver.until(2);
    // Broken again within the hour: they have heard enough of it.
    tenant.hold(700);
    await until('the second time', async () => {
      const {value} = await berth.json('guard', 'log');
      const events = value.events as {kind: string}[];
      return events.filter(({kind}) => kind === 'lease-broken').length === 2 ? true : undefined;
    });
    expect(ids()).toEqual(['bad lease:notebook', 'good lease:notebook']);
    expect(receiver.received[0]?.json).toMatchObject({
      title: 'Berth: notebook holds more than its lease',
      topic: 'lease',
      numbers: {promisedBytes: 150 * 2 ** 20},
    });
    const {value} = await berth.json('alerts', 'ls');
    expect(value).toMatchObject({
      schema: 'berth.alerts/1',
      alerts: {webhooks: [{name: 'ops', kind: 'json', waiting: 0}], repeatMs: 3_600_000},
    });
    const {stdout} = await berth.run('alerts', 'ls');
    expect(stdout).toMatch(/ops +no failure known +0/);
    expect(stdout).toContain('Told about: interference, guard, lease');
  });

  it('say of each webhook what came of a test, and end with exit 1 when one failed', async () => {
    await using refusing = await openReceiver({path: `/${KEY}`});
    refusing.always({status: 404, body: 'no_service'});
    await writeFile(settings, configured(`\n    - {kind: slack, url: "${refusing.url}"}`));
    expect((await berth.json('deploy')).value).toMatchObject({outcome: 'unchanged'});
    const {code, stdout, stderr} = await until('the new orders', async () => {
      const tested = await berth.run('alerts', 'test');
      return tested.stdout.includes('slack') ? tested : undefined;
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/ops +delivered/);
    expect(stdout).toMatch(/slack 127\.0\.0\.1 +failed: HTTP 404: no_service/);
    expect(stdout).toContain(`Sent by the watch on ${hostname()}.`);
    const chinese = await berth.run('alerts', 'test', '--lang', 'zh-CN');
    expect(chinese.stdout).toContain('已送达');
    expect(`${stdout}${stderr}`).not.toContain(KEY);
  });

  it('refuse a deploy that lacks a secret, and change nothing', async () => {
    await writeFile(settings, configured().replace('OPS_URL', 'NOBODY_SET_THIS'));
    const {code, value} = await berth.json('deploy');
    expect(code).toBe(2);
    expect(value).toMatchObject({error: {code: 'alert_secret_missing'}});
    expect((await berth.json('alerts', 'ls')).value).toMatchObject({alerts: {webhooks: [{}, {}]}});
  });

  it('keep their secrets to one file that its owner alone may read', async () => {
    const state = join(berth.home, '.local/state/berth');
    const {stdout} = await promisify(execFile)('grep', [
      '-rlE',
      `${KEY}|${SECRET}`,
      state,
      join(berth.home, '.config'),
    ]);
    expect(stdout.trim().split('\n')).toEqual([join(state, 'default/alerts.json')]);
    expect((await stat(join(state, 'default/alerts.json'))).mode & 0o777).toBe(0o600);
    const log = await readFile(join(state, 'default/logs/watch.log'), 'utf8');
    expect(log).toContain('alert-sent: ops was told: Berth: notebook holds more than its lease');
  });

  it('tell of an objective that is missed', async () => {
    await writeFile(settings, `${configured()}objectives: {ttft: 1ms, probe: false}\n`);
    expect((await berth.json('deploy')).value).toMatchObject({outcome: 'unchanged'});
    const sent = await until('the objective', async () => {
      await berth.ask('Hello!');
      return receiver.received.find(({json}) => json.topic === 'objective');
    });
    expect(sent.json).toMatchObject({
      state: 'bad',
      title: 'Berth: the objective ttft is being missed',
      numbers: {objective: 'ttft'},
    });
  });

  it('end with the webhooks, and leave no secret behind', async () => {
    await writeFile(settings, 'model: nano\n');
    expect((await berth.json('deploy')).value).toMatchObject({outcome: 'unchanged'});
    const {code, value} = await until('nobody to be told', async () => {
      const tested = await berth.json('alerts', 'test');
      return tested.code === 1 ? tested : undefined;
    });
    expect(value).toMatchObject({error: {code: 'no_webhooks', exit: code}});
    await expect(stat(join(berth.home, '.local/state/berth/default/alerts.json'))).rejects.toThrow('ENOENT');
    expect((await berth.run('alerts', 'ls')).stdout).toContain('knows no webhook');
  });

  it('cannot be tested where no watch runs', async () => {
    expect((await berth.json('stop')).code).toBe(0);
    const {code, value} = await berth.json('alerts', 'test');
    expect(value).toMatchObject({error: {code: 'supervisor_gone', exit: code}});
    expect(code).toBeGreaterThan(0);
  });
});
