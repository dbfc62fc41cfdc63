import {execFile, spawnSync} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {readFile, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {writeJson} from '../../../src/base/files.ts';
import {seconds} from '../../../src/base/units.ts';
import type {Answers, WatchEvent} from '../../../src/monitor/index.ts';
import {alertsFile, type AlertOrders} from '../../../src/watch/index.ts';
import {until} from '../../contract/hosts/world.ts';
import {freePort} from '../../support/berth.ts';
import {needs} from '../../support/needs.ts';
import {openReceiver} from '../../support/receiver.ts';
import {temporaryFolder} from '../../support/temporary.ts';
import {CARD, cardDouble, startWatch, type RunningWatch} from '../../support/watch.ts';

/** A machine that others keep busy is no failure of the watch. */
const PATIENCE = seconds(60);

const order = (
  stateFolder: string,
  urls: Readonly<Record<string, string>>,
  more: Partial<AlertOrders> = {},
) =>
  writeJson(alertsFile(stateFolder), {
    schema: 'berth.alerts/1',
    host: 'gpu1',
    language: 'en',
    topics: ['device'],
    repeatMs: 3_600_000,
    webhooks: Object.entries(urls).map(([name, url]) => ({kind: 'json', name, url})),
    ...more,
  } satisfies AlertOrders);

const events = (watch: RunningWatch, kind: WatchEvent['kind']): Promise<Answers['events']> =>
  watch.ask({ask: 'events', sinceMs: 0, kinds: [kind]});
const event = (watch: RunningWatch, kind: WatchEvent['kind']): Promise<Answers['events'][number]> =>
  until(kind, async () => (await events(watch, kind))[0], PATIENCE);
const sample = (watch: RunningWatch) =>
  until('a sample', async () => (await watch.ask({ask: 'now'})).sample, PATIENCE);
const test = (watch: RunningWatch): Promise<Answers['test-alerts']> => {
  const id = randomUUID();
  return until('the test', async () => {
    const asked = await watch.ask({ask: 'test-alerts', test: id});
    return asked.done ? asked : undefined;
  });
};

const openssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate for this machine that nobody vouches for. */
async function certificate(folder: string): Promise<{key: string; cert: string}> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const argv = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
  ];
  const subject = ['-subj', '/CN=receiver', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', [...argv, ...subject, '-keyout', key, '-out', cert]);
  return {key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8')};
}

/** The card is the double of nvidia-smi; the watch, its files and the receivers are real. */
describe.concurrent('the watch and those who are told', () => {
  it('tells of the begin and the end, once each, also when it is started anew between them', async () => {
    await using folder = await temporaryFolder();
    await using card = await cardDouble();
    await using receiver = await openReceiver();
    await order(folder.path, {ops: receiver.url});
    const start = () => startWatch({device: CARD, env: card.env, stateFolder: folder.path});
    {
      await using watch = await start();
      await sample(watch);
      await card.set('fault=hang\n');
      await receiver.until(1);
      const sent = await event(watch, 'alert-sent');
      expect(sent).toMatchObject({numbers: {webhook: 'ops', alert: 'device-silent', state: 'bad', tries: 1}});
      expect(await watch.ask({ask: 'alerts'})).toMatchObject({
        host: 'gpu1',
        webhooks: [{name: 'ops', kind: 'json', waiting: 0}],
        standing: ['device-silent'],
      });
      await watch.leave();
    }
    await using watch = await start();
    // It finds the device as silent as the one before did.
    await until(
      'the second event',
      async () => {
        const found = await events(watch, 'device-silent');
        return found.length === 2 ? found : undefined;
      },
      PATIENCE,
    );
    await card.set('');
    await event(watch, 'device-back');
    await receiver.until(2);
    await until('both as sent', async () =>
      (await events(watch, 'alert-sent')).length === 2 ? true : undefined,
    );
    expect(receiver.received.map(({json}) => json)).toMatchObject([
      {
        schema: 'berth.alert/1',
        ...{id: 'device-silent', topic: 'device', state: 'bad', repeats: 0},
        ...{deployment: 'demo', host: 'gpu1', title: 'Berth: the device does not answer'},
      },
      {id: 'device-silent', state: 'good', title: 'Berth: the device answers again'},
    ]);
    expect(await watch.ask({ask: 'alerts'})).toMatchObject({standing: []});
  });

  it('tells nobody of what is not asked for, and obeys other orders within a second', async () => {
    await using folder = await temporaryFolder();
    await using card = await cardDouble();
    await using receiver = await openReceiver();
    await order(folder.path, {ops: receiver.url}, {topics: ['lease']});
    await using watch = await startWatch({device: CARD, env: card.env, stateFolder: folder.path});
    await sample(watch);
    await card.kernel('NVRM: Xid (PCI:0000:01:00): 79, pid=1, GPU has fallen off the bus.');
    await event(watch, 'xid');
    await order(folder.path, {ops: receiver.url}, {language: 'zh-CN'});
    await until('the orders', async () => {
      const status = await watch.ask({ask: 'alerts'});
      return status?.language === 'zh-CN' ? true : undefined;
    });
    await card.kernel('NVRM: Xid (PCI:0000:01:00): 48, pid=1, DBE.');
    await receiver.until(1);
    expect(receiver.received.map(({json}) => json)).toMatchObject([
      {id: 'xid 48', title: 'Berth：显卡报告故障（XID 48）', numbers: {code: 48}},
    ]);
    await rm(alertsFile(folder.path));
    await until('nobody to be told', async () =>
      (await watch.ask({ask: 'alerts'})) === null ? true : undefined,
    );
  });

  it('is held up by no receiver, and says once that one is dead and when it works again', async () => {
    await using folder = await temporaryFolder();
    await using card = await cardDouble();
    await using hanging = await openReceiver();
    hanging.always('hang');
    await using refusing = await openReceiver();
    refusing.always({status: 404});
    await order(folder.path, {hanging: hanging.url, refusing: refusing.url});
    await using watch = await startWatch({device: CARD, env: card.env, stateFolder: folder.path});
    await sample(watch);
    for (const code of [48, 62, 64]) {
      await card.kernel(`NVRM: Xid (PCI:0000:01:00): ${code}, pid=1, fault.`);
    }
    await refusing.until(3);
    const [failed, ...others] = await until('the failure', async () => {
      const {webhooks = []} = (await watch.ask({ask: 'alerts'})) ?? {};
      const lost = webhooks.find(({name}) => name === 'refusing')?.trouble?.lost;
      return lost === 3 ? await events(watch, 'alert-failed') : undefined;
    });
    expect(others).toEqual([]);
    expect(failed).toMatchObject({numbers: {webhook: 'refusing', reason: 'HTTP 404', tries: 1}});
    expect(await watch.ask({ask: 'alerts'})).toMatchObject({
      webhooks: [
        {name: 'hanging', waiting: 3},
        {name: 'refusing', waiting: 0, trouble: {lost: 3, reason: 'HTTP 404'}},
      ],
    });
    const {health} = await watch.ask({ask: 'now'});
    expect(health.lagMs).toBeLessThan(900);
    // Whoever was given a wrong address gets what waited.
    await using mended = await openReceiver();
    await order(folder.path, {hanging: mended.url, refusing: refusing.url});
    await mended.until(3);
    expect(mended.received.map(({json}) => json.id)).toEqual(['xid 48', 'xid 62', 'xid 64']);
    refusing.always({status: 200});
    await card.kernel('NVRM: Xid (PCI:0000:01:00): 74, pid=1, fault.');
    await until('it to work again', async () => {
      const sent = await events(watch, 'alert-sent');
      return sent.find(({numbers}) => numbers.webhook === 'refusing' && numbers.lostBefore === 3);
    });
    await mended.until(4);
  });

  it('sends what waited when it is started again', async () => {
    await using folder = await temporaryFolder();
    await using card = await cardDouble();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/hook/k3y-that-nobody-may-see`;
    await order(folder.path, {ops: url});
    const start = () => startWatch({device: CARD, env: card.env, stateFolder: folder.path});
    {
      await using watch = await start();
      await sample(watch);
      await card.kernel('NVRM: Xid (PCI:0000:01:00): 79, pid=1, fault.');
      await until('it to wait', async () => {
        const kept = await readFile(join(folder.path, 'watch/told.json'), 'utf8').catch(() => '');
        return kept.includes('"id": "xid 79"') ? true : undefined;
      });
      // As a crash ends it: nothing is written any more.
      process.kill(watch.pid, 'SIGKILL');
      await watch.leave();
    }
    await using receiver = await openReceiver({port});
    await using watch = await start();
    await receiver.until(1);
    expect(receiver.received[0]?.json).toMatchObject({id: 'xid 79', state: 'bad'});
    expect(await event(watch, 'alert-sent')).toMatchObject({numbers: {alert: 'xid 79'}});
    const file = join(folder.path, 'watch/told.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain('k3y');
  });

  it('tests each webhook, and says what came of it', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await openReceiver();
    await using refusing = await openReceiver();
    refusing.always({status: 403});
    await order(folder.path, {good: receiver.url, bad: refusing.url});
    await using watch = await startWatch({device: 'cpu', stateFolder: folder.path});
    expect(await test(watch)).toMatchObject({
      host: 'gpu1',
      webhooks: [
        {name: 'good', kind: 'json', outcome: 'delivered'},
        {name: 'bad', kind: 'json', outcome: 'failed', reason: 'HTTP 403'},
      ],
    });
    expect(receiver.received.map(({json}) => json)).toMatchObject([
      {id: 'test', state: 'test', deployment: 'demo'},
    ]);
  });

  it.skipIf(!needs(openssl, 'openssl'))(
    'speaks https, and believes only certificates that are vouched for',
    async () => {
      await using folder = await temporaryFolder();
      const tls = await certificate(folder.path);
      await using receiver = await openReceiver({tls});
      await order(folder.path, {ops: receiver.url});
      {
        await using watch = await startWatch({device: 'cpu', stateFolder: folder.path});
        expect(await test(watch)).toMatchObject({
          webhooks: [{outcome: 'failed', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT'}],
        });
        await watch.leave();
      }
      expect(receiver.received).toEqual([]);
      const env = {NODE_EXTRA_CA_CERTS: join(folder.path, 'cert.pem')};
      await using watch = await startWatch({device: 'cpu', stateFolder: folder.path, env});
      expect(await test(watch)).toMatchObject({webhooks: [{outcome: 'delivered'}]});
      expect(receiver.received).toHaveLength(1);
    },
  );

  it('has nobody to test where nobody is to be told', async () => {
    await using watch = await startWatch({device: 'cpu'});
    expect(await test(watch)).toEqual({host: '', done: true, webhooks: []});
    expect(await watch.ask({ask: 'alerts'})).toBeNull();
  });
});
