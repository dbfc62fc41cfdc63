import {createHmac} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {Secret} from '../../../../src/base/secret.ts';
import {
  WEBHOOK_KINDS,
  type Alert,
  type Answer,
  type WebhookKind,
} from '../../../../src/monitor/alerts/alert.ts';
import {FORMATS} from '../../../../src/monitor/alerts/formats/index.ts';
import {cut, plain, plainMarkdown} from '../../../../src/monitor/alerts/formats/format.ts';

/** 2026-01-01T00:00:00.123Z. */
const NOW = 1_767_225_600_123;
const SECRET = 'SECtest-0123456789';

const ALERT: Alert = {
  id: 'lease:comfyui',
  topic: 'lease',
  state: 'bad',
  title: 'Berth: comfyui holds more than its lease',
  text: 'The tenant of the lease comfyui holds 7.0 GiB, and 6.0 GiB were promised.',
  deployment: 'default',
  host: 'gpu1',
  atMs: NOW,
  numbers: {usedBytes: 7_516_192_768, tier: 'T0'},
  repeats: 0,
};

function post(kind: WebhookKind, alert: Partial<Alert> = {}, secret?: string) {
  const made = FORMATS[kind].post(
    {...ALERT, ...alert},
    {
      url: new Secret('https://receiver.example/hook?access_token=abc'),
      secret: secret === undefined ? undefined : new Secret(secret),
      nowMs: NOW,
    },
  );
  return {...made, json: JSON.parse(made.body) as unknown};
}

const judge = (kind: WebhookKind, body: object | string, more: Partial<Answer> = {}) =>
  FORMATS[kind].judge({status: 200, body: typeof body === 'string' ? body : JSON.stringify(body), ...more});

// Signatures: worked out by Python's hmac and by openssl from what the services' pages say, not by this code.
describe('DingTalk', () => {
  it('is sent Markdown, and signed in the address', () => {
    const {url, json} = post('dingtalk', {}, SECRET);
    const address = new URL(url);
    expect(Object.fromEntries(address.searchParams)).toEqual({
      access_token: 'abc',
      timestamp: String(NOW),
      sign: 'BG08fOGyAUQKZa4twzknPa2xoCX+bHMGnJ9kFpcSzZo=',
    });
    // A plus is a space in a query.
    expect(address.search).toContain('sign=BG08fOGyAUQKZa4twzknPa2xoCX%2BbHMGnJ9kFpcSzZo%3D');
    expect(json).toEqual({
      msgtype: 'markdown',
      markdown: {
        title: ALERT.title,
        text: [
          `#### ${ALERT.title}`,
          ALERT.text,
          '- usedBytes: 7516192768',
          '- tier: T0',
          '> default @ gpu1, 2026-01-01T00:00:00.123Z',
        ].join('\n\n'),
      },
    });
  });

  it('is not signed where there is no secret', () => {
    expect(post('dingtalk').url).toBe('https://receiver.example/hook?access_token=abc');
  });

  it('says in the body what came of it', () => {
    expect(judge('dingtalk', {errcode: 0, errmsg: 'ok'})).toEqual({verdict: 'taken'});
    expect(judge('dingtalk', {errcode: 310_000, errmsg: 'sign not match'})).toEqual({
      verdict: 'refused',
      reason: 'code 310000: sign not match',
    });
    expect(judge('dingtalk', {errcode: 130_101, errmsg: 'send too fast'})).toMatchObject({verdict: 'again'});
    expect(judge('dingtalk', {errcode: -1})).toEqual({verdict: 'again', reason: 'code -1'});
  });
});

describe('Feishu', () => {
  it('is sent a card, and signed in the body', () => {
    const {url, json} = post('feishu', {}, SECRET);
    expect(url).toBe('https://receiver.example/hook?access_token=abc');
    expect(json).toEqual({
      timestamp: '1767225600',
      sign: 'UbIFCsY4oRRZm30nzst37NIsRJBeOW7Rg7pWFIQF968=',
      msg_type: 'interactive',
      card: {
        header: {title: {tag: 'plain_text', content: ALERT.title}, template: 'red'},
        elements: [
          {
            tag: 'div',
            text: {
              tag: 'plain_text',
              content: `${ALERT.text}\nusedBytes: 7516192768\ntier: T0\ndefault @ gpu1, 2026-01-01T00:00:00.123Z`,
            },
          },
        ],
      },
    });
    expect(post('feishu').json).not.toHaveProperty('sign');
    expect(post('feishu', {state: 'good'}).body).toContain('"template":"green"');
  });

  it('says in the body what came of it, in one of two names', () => {
    expect(judge('feishu', {code: 0, msg: 'success'})).toEqual({verdict: 'taken'});
    expect(judge('feishu', {StatusCode: 0, StatusMessage: 'success'})).toEqual({verdict: 'taken'});
    expect(judge('feishu', {code: 19_021, msg: 'sign match fail'})).toMatchObject({verdict: 'refused'});
    expect(judge('feishu', {code: 11_232, msg: 'frequency limited'})).toMatchObject({verdict: 'again'});
  });
});

describe('WeCom', () => {
  it('is sent Markdown with a colour', () => {
    expect(post('wecom').json).toEqual({
      msgtype: 'markdown',
      markdown: {
        content: [
          `**<font color="warning">${ALERT.title}</font>**`,
          ALERT.text,
          '> usedBytes: 7516192768',
          '> tier: T0',
          'default @ gpu1, 2026-01-01T00:00:00.123Z',
        ].join('\n'),
      },
    });
    expect(post('wecom', {state: 'good'}).body).toContain('color=\\"info\\"');
  });

  it('is busy after too many messages a minute', () => {
    expect(judge('wecom', {errcode: 45_009, errmsg: 'api freq out of limit'})).toMatchObject({
      verdict: 'again',
    });
    expect(judge('wecom', {errcode: 93_000, errmsg: 'invalid webhook url'})).toMatchObject({
      verdict: 'refused',
    });
    expect(judge('wecom', {errcode: 0, errmsg: 'ok'})).toEqual({verdict: 'taken'});
  });
});

describe('Slack', () => {
  it('is sent text, in which an ampersand is escaped', () => {
    expect(post('slack', {text: 'Salt & pepper'}).json).toEqual({
      text: [
        `*${ALERT.title}*`,
        'Salt &amp; pepper',
        '• usedBytes: 7516192768',
        '• tier: T0',
        'default @ gpu1, 2026-01-01T00:00:00.123Z',
      ].join('\n'),
    });
  });

  it('says by its status what came of it, and why in a word', () => {
    expect(judge('slack', 'ok')).toEqual({verdict: 'taken'});
    expect(judge('slack', 'no_service', {status: 404})).toEqual({
      verdict: 'refused',
      reason: 'HTTP 404: no_service',
    });
    expect(judge('slack', '<html>', {status: 403})).toEqual({verdict: 'refused', reason: 'HTTP 403'});
    expect(judge('slack', '', {status: 429, retryAfterMs: 30_000})).toEqual({
      verdict: 'again',
      reason: 'HTTP 429',
      afterMs: 30_000,
    });
  });
});

describe('plain JSON', () => {
  it('is the alert itself, signed in a header', () => {
    const {json, headers, body} = post('json', {}, SECRET);
    const {atMs: _atMs, ...rest} = ALERT;
    expect(json).toEqual({schema: 'berth.alert/1', at: '2026-01-01T00:00:00.123Z', ...rest});
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-berth-timestamp': String(NOW),
    });
    // As a receiver checks it, by what docs/alerts.md says.
    const signature = createHmac('sha256', SECRET).update(`${NOW}.${body}`).digest('hex');
    expect(headers['x-berth-signature']).toBe(`sha256=${signature}`);
    expect(Object.keys(post('json').headers)).toEqual(['content-type']);
  });

  it('is taken by any status of success', () => {
    expect(judge('json', '', {status: 204})).toEqual({verdict: 'taken'});
    expect(judge('json', '', {status: 400})).toEqual({verdict: 'refused', reason: 'HTTP 400'});
  });
});

describe.each(WEBHOOK_KINDS)('%s', (kind) => {
  it('is tried again after what passes, and never after a redirect', () => {
    for (const status of [408, 429, 500, 503]) {
      expect(judge(kind, '', {status})).toMatchObject({verdict: 'again', reason: `HTTP ${status}`});
    }
    for (const status of [301, 307, 400, 401, 404]) {
      expect(judge(kind, '', {status})).toMatchObject({verdict: 'refused'});
    }
  });

  it('is told of programs that are called whatever they like, without harm', () => {
    const name = '<!channel> <@all> ![x](https://evil.example/) `rm`\u202e\u0000\nnext';
    const {body} = post(kind, {title: name, text: name, numbers: {name}, host: name, deployment: name});
    if (kind === 'json') {
      // For a program: it gets what is, escaped by JSON.
      expect(JSON.parse(body)).toMatchObject({title: name});
      return;
    }
    const texts = textsIn(JSON.parse(body));
    for (const text of texts) {
      const own = text.replaceAll(/<font color="\w+">|<\/font>|^> /gm, '');
      expect(own).not.toMatch(/[<>\u202e]/);
      expect(own).not.toContain('\u0000');
      expect(own.split('\n')).not.toContain('next');
      if (kind !== 'slack' && kind !== 'feishu') expect(own).not.toMatch(/[[\]`]/);
    }
    expect(texts.join()).toContain('evil.example');
  });

  it('is never sent more than the service takes', () => {
    const {body} = post(kind, {text: '显卡'.repeat(20_000)});
    const limit = {dingtalk: 20_000, feishu: 20_000, wecom: 4096, slack: 40_000, json: Infinity}[kind];
    const longest = Math.max(...textsIn(JSON.parse(body)).map((text) => Buffer.byteLength(text)));
    expect(longest).toBeLessThanOrEqual(limit);
    expect(body).not.toContain('\ufffd');
  });
});

it.each(['dingtalk', 'feishu', 'wecom'] as const)(
  '%s that answers something else has not taken it',
  (kind) => {
    expect(judge(kind, '<html>')).toEqual({verdict: 'refused', reason: 'the answer is not JSON'});
    expect(judge(kind, 'null')).toEqual({verdict: 'refused', reason: 'the answer has no code'});
    expect(judge(kind, {errcode: '0', code: '0'})).toEqual({
      verdict: 'refused',
      reason: 'the answer has no code',
    });
    const long = judge(kind, {errcode: 5, code: 5, errmsg: 'é'.repeat(500), msg: 'é'.repeat(500)});
    expect(Buffer.byteLength('reason' in long ? long.reason : '')).toBeLessThanOrEqual(220);
  },
);

describe('a text that is too long', () => {
  it('is cut between two characters', () => {
    expect(cut('ab显卡', 8)).toBe('ab显卡');
    expect(cut('ab显卡', 7)).toBe('ab…');
    expect(cut('abc显卡', 8)).toBe('abc…');
    for (let bytes = 3; bytes < 30; bytes++) {
      const kept = cut('a显😀é'.repeat(4), bytes);
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(bytes);
      expect(kept).not.toContain('\ufffd');
      expect(kept.endsWith('…')).toBe(true);
    }
  });

  it('keeps what is harmless', () => {
    expect(plain('Qwen3 (4B) 显卡 [a]')).toBe('Qwen3 (4B) 显卡 [a]');
    expect(plainMarkdown('[a](b)')).toBe('(a)(b)');
  });
});

/** Every text in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
