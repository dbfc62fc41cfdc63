import {createHmac} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {Secret} from '../../../src/base/secret.ts';
import {ms} from '../../../src/base/units.ts';
import {
  deliver,
  Outbox,
  type Alert,
  type Outcome,
  type Webhook,
  type WebhookKind,
} from '../../../src/monitor/index.ts';
import {freePort} from '../../support/berth.ts';
import {openReceiver} from '../../support/receiver.ts';

const KEY = 'k3y-that-nobody-may-see';
const PATIENCE = {answer: ms(300), pauses: [ms(20), ms(20), ms(20)]};

const alert = (id = 'lease:a'): Alert => ({
  ...{
    id,
    topic: 'lease',
    state: 'bad',
    title: 'Berth: a',
    text: 'It is so.',
    deployment: 'default',
    host: 'gpu1',
  },
  ...{atMs: Date.UTC(2026, 0, 1), numbers: {usedBytes: 1}, repeats: 0},
});
const webhook = (url: string, kind: WebhookKind = 'json', secret?: string): Webhook => ({
  ...{kind, name: kind, url: new Secret(url)},
  secret: secret === undefined ? undefined : new Secret(secret),
});
const send = (to: Webhook, patience = PATIENCE, signal = new AbortController().signal) =>
  deliver(alert(), to, {clock: systemClock, signal, patience});

/** By real connections to a server that answers as it is told. */
describe('an alert', () => {
  it.each(['dingtalk', 'feishu', 'wecom', 'slack', 'json'] as const)(
    'reaches a receiver of %s',
    async (kind) => {
      await using receiver = await openReceiver();
      expect(await send(webhook(receiver.url, kind))).toEqual({delivered: true, tries: 1, reason: ''});
      expect(receiver.received).toHaveLength(1);
      expect(receiver.received[0]?.body).toContain('It is so.');
    },
  );

  it('is tried again when the receiver fails, is busy, hangs or hangs up, and signed anew each time', async () => {
    await using receiver = await openReceiver();
    receiver.next({status: 500}, 'cut', 'hang');
    expect(await send(webhook(receiver.url, 'json', 'shh'))).toEqual({delivered: true, tries: 4, reason: ''});
    const stamps = receiver.received.map(({headers, body}) => {
      const stamp = String(headers['x-berth-timestamp']);
      const signature = createHmac('sha256', 'shh').update(`${stamp}.${body}`).digest('hex');
      expect(headers['x-berth-signature']).toBe(`sha256=${signature}`);
      return stamp;
    });
    expect(new Set(stamps).size).toBe(4);
  });

  it('waits for as long as the receiver asks', async () => {
    await using receiver = await openReceiver();
    receiver.next({status: 429, headers: {'retry-after': '1'}});
    expect(await send(webhook(receiver.url))).toMatchObject({delivered: true, tries: 2});
    const [first, second] = receiver.received;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('is given up after the last try, with what went wrong then', async () => {
    await using receiver = await openReceiver();
    receiver.always({status: 503});
    expect(await send(webhook(receiver.url))).toEqual({delivered: false, tries: 4, reason: 'HTTP 503'});
    receiver.always('hang');
    expect(await send(webhook(receiver.url), {answer: ms(50), pauses: []})).toEqual({
      ...{delivered: false, tries: 1},
      reason: 'no answer in time',
    });
    const nobody = webhook(`http://127.0.0.1:${await freePort()}/${KEY}`);
    expect(await send(nobody, {answer: ms(300), pauses: []})).toEqual({
      ...{delivered: false, tries: 1},
      reason: 'ECONNREFUSED',
    });
  });

  it('is not tried again where it was refused', async () => {
    await using receiver = await openReceiver();
    receiver.next({status: 200, body: '{"errcode":310000,"errmsg":"sign not match"}'});
    expect(await send(webhook(receiver.url, 'dingtalk'))).toEqual({
      ...{delivered: false, tries: 1},
      reason: 'code 310000: sign not match',
    });
    expect(receiver.received).toHaveLength(1);
  });

  it('does not follow a redirect', async () => {
    await using elsewhere = await openReceiver();
    await using receiver = await openReceiver();
    for (const status of [301, 302, 307, 308]) {
      receiver.next({status, headers: {location: elsewhere.url}});
      expect(await send(webhook(receiver.url))).toEqual({
        ...{delivered: false, tries: 1},
        reason: `HTTP ${status}, and redirects are not followed`,
      });
    }
    expect(elsewhere.received).toEqual([]);
  });

  it('tells nothing secret when the receiver repeats what it was asked', async () => {
    await using receiver = await openReceiver({path: `/${KEY}?access_token=t0ken-of-the-group`});
    const body = JSON.stringify({
      errcode: 1,
      errmsg: `${receiver.url} ${KEY} t0ken-of-the-group s1gning-secret`,
    });
    receiver.always({status: 200, body});
    const {reason} = await send(webhook(receiver.url, 'dingtalk', 's1gning-secret'));
    expect(reason).toMatch(/^code 1: /);
    expect(reason).not.toMatch(/k3y|t0ken|s1gning/);
  });

  it('needs no more than the begin of an answer', async () => {
    await using receiver = await openReceiver();
    receiver.next({status: 200, body: `{"errcode":0,"more":"${'x'.repeat(5_000_000)}"}`});
    expect(await send(webhook(receiver.url, 'wecom'))).toMatchObject({reason: 'the answer is not JSON'});
  });

  it('ends with its signal', async () => {
    await using receiver = await openReceiver();
    receiver.always('hang');
    const over = new AbortController();
    const sending = send(webhook(receiver.url), {answer: ms(60_000), pauses: [ms(60_000)]}, over.signal);
    await receiver.until(1);
    over.abort();
    expect(await sending).toMatchObject({delivered: false, tries: 1});
  });
});

describe('an outbox', () => {
  const open = (url: string) => {
    const outcomes: Outcome[] = [];
    const {promise, resolve} = Promise.withResolvers<undefined>();
    const outbox = new Outbox({
      webhook: webhook(url),
      clock: systemClock,
      patience: PATIENCE,
      onOutcome: (outcome) => {
        outcomes.push(outcome);
        if (outbox.waiting.length === 0) resolve(undefined);
      },
    });
    return {outbox, outcomes, empty: promise};
  };

  it('sends one after the other, in order', async () => {
    await using receiver = await openReceiver();
    receiver.next({status: 500});
    const {outbox, outcomes, empty} = open(receiver.url);
    for (const id of ['a', 'b', 'c']) outbox.put(alert(id));
    await empty;
    expect(outcomes.map(({alert: {id}, tries}) => `${id} ${tries}`)).toEqual(['a 2', 'b 1', 'c 1']);
    expect(receiver.received.map(({json}) => json.id)).toEqual(['a', 'a', 'b', 'c']);
    await outbox.close();
  });

  it('keeps the newest of too many, and says how many it dropped', async () => {
    await using receiver = await openReceiver();
    receiver.next({status: 429, headers: {'retry-after': '1'}});
    const {outbox, outcomes, empty} = open(receiver.url);
    for (let index = 0; index < 200; index++) outbox.put(alert(String(index)));
    expect(outbox.waiting).toHaveLength(50);
    await empty;
    expect(outcomes[0]).toMatchObject({delivered: true, tries: 2, dropped: 150, alert: {id: '0'}});
    expect(outcomes.at(-1)).toMatchObject({dropped: 0, alert: {id: '199'}});
    expect(outcomes).toHaveLength(50);
    await outbox.close();
  });

  it('keeps what it was about to send when it is closed', async () => {
    await using receiver = await openReceiver();
    receiver.always('hang');
    const {outbox, outcomes} = open(receiver.url);
    outbox.put(alert('a'));
    outbox.put(alert('b'));
    await receiver.until(1);
    await outbox.close();
    expect(outbox.waiting.map(({id}) => id)).toEqual(['a', 'b']);
    expect(outcomes).toEqual([]);
  });
});
