import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import {inspect} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {BerthError, ExitCode} from '../../../src/base/errors.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {readAlertOrders} from '../../../src/deploy/alerts.ts';
import {loadSettings, renderSettings} from '../../../src/deploy/config/load.ts';
import {isWebhookAddress} from '../../../src/deploy/config/webhook-address.ts';

const KEY = 'k3y-that-nobody-may-see';
const ADDRESS = `https://hooks.example/services/${KEY}`;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-alerts-'));
});
afterEach(() => rm(folder, {recursive: true}));

async function settingsOf(text: string) {
  await writeFile(join(folder, 'berth.yaml'), text);
  return await loadSettings({cwd: tmpdir(), file: join(folder, 'berth.yaml')});
}
async function failureOf(work: () => Promise<unknown>): Promise<BerthError> {
  const thrown = await work().catch((error: unknown) => error);
  if (!(thrown instanceof BerthError)) throw new Error('expected a BerthError');
  return thrown;
}
const HERE = {kind: 'local', name: 'local'} as const;
const orders = async (
  text: string,
  env: NodeJS.ProcessEnv = {},
  host: Parameters<typeof readAlertOrders>[0] = HERE,
) => readAlertOrders(host, (await settingsOf(text)).alerts, env);

describe('an address for alerts', () => {
  it.each([
    'https://oapi.dingtalk.com/robot/send?access_token=x',
    'https://10.0.0.1/hook',
    'http://127.0.0.1:9000/hook',
    'http://127.9.9.9/',
    'http://localhost:9000',
    'http://[::1]:9000/',
    'http://[fd00::1]/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
  ])('may be %s', (address) => expect(isWebhookAddress(address)).toBe(true));

  it.each([
    'http://hooks.example/x',
    'http://8.8.8.8/',
    'http://172.32.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://localhost.evil.example/',
    'http://[2001:db8::1]/',
    'http://0x7f.1.evil.example/',
    'https://user:word@hooks.example/',
    'ftp://hooks.example/',
    'file:///etc/passwd',
    'hooks.example',
    '',
  ])('may not be %j', (address) => expect(isWebhookAddress(address)).toBe(false));
});

describe('alerts in berth.yaml', () => {
  it('have defaults, and nobody is told', async () => {
    expect(await orders('model: nano\n')).toBeUndefined();
  });

  it('say whom the watch tells, and about what', async () => {
    const text = `
alerts:
  webhooks:
    - {kind: slack, url: "${ADDRESS}"}
    - {kind: slack, url: "${ADDRESS}2"}
    - {kind: dingtalk, url: "env:DING", secret: "env:DING_SECRET", name: 值班群}
    - {kind: json, url: "file:hook.url"}
  topics: [lease, device]
  repeat: 30m
  language: zh-CN
`;
    await writeFile(join(folder, 'hook.url'), 'http://127.0.0.1:9000/hook\n');
    const env = {DING: 'https://oapi.dingtalk.com/robot/send?access_token=x', DING_SECRET: 'SEC'};
    expect(await orders(text, env)).toEqual({
      schema: 'berth.alerts/1',
      host: hostname(),
      language: 'zh-CN',
      topics: ['lease', 'device'],
      repeatMs: 1_800_000,
      webhooks: [
        {kind: 'slack', name: 'slack hooks.example', url: ADDRESS},
        {kind: 'slack', name: 'slack hooks.example 2', url: `${ADDRESS}2`},
        {kind: 'dingtalk', name: '值班群', url: env.DING, secret: 'SEC'},
        {kind: 'json', name: 'json 127.0.0.1', url: 'http://127.0.0.1:9000/hook'},
      ],
    });
    expect(await orders(text, env, {kind: 'ssh', name: 'gpu1'})).toMatchObject({host: 'gpu1'});
  });

  it('show no secret, however the settings are printed', async () => {
    const settings = await settingsOf(`
alerts:
  webhooks:
    - {kind: json, url: "${ADDRESS}", secret: "${KEY}"}
`);
    for (const shown of [
      JSON.stringify(settings),
      inspect(settings, {depth: 9}),
      await renderSettings(settings),
    ]) {
      expect(shown).toContain('[redacted]');
      expect(shown).not.toContain(KEY);
    }
  });

  it.each([
    [`- {kind: slack, url: "http://hooks.example/${KEY}"}`, 'alerts.webhooks.0.url', 'an https address'],
    [`- {kind: slack, url: "${KEY}"}`, 'alerts.webhooks.0.url', 'an https address'],
    [`- {kind: slack, url: "${ADDRESS}", secret: ${KEY}}`, 'alerts.webhooks.0.secret', 'signs nothing'],
    [`- {kind: wecom, url: "${ADDRESS}", secret: "env:X"}`, 'alerts.webhooks.0.secret', 'signs nothing'],
    [`- {kind: json, url: "${ADDRESS}", secret: ""}`, 'alerts.webhooks.0.secret', 'text that is not empty'],
    ['- {kind: json, url: "env:not a name"}', 'alerts.webhooks.0.url', 'env:NAME'],
    ['- {kind: json, url: 5}', 'alerts.webhooks.0.url', 'text'],
    ['- {kind: json}', 'alerts.webhooks.0.url', 'text'],
    [
      `- {kind: telegram, url: "${ADDRESS}"}`,
      'alerts.webhooks.0.kind',
      'dingtalk, feishu, wecom, slack, json',
    ],
    [`- {kind: json, url: "${ADDRESS}", name: "<!here>"}`, 'alerts.webhooks.0.name', 'letters'],
    [`- ${ADDRESS}`, 'alerts.webhooks.0', 'settings below it'],
    [ADDRESS, 'alerts.webhooks', 'a list'],
  ])('are refused with their place, and without what is secret: %s', async (webhook, key, allowed) => {
    const {message, exit, details} = await failureOf(() =>
      settingsOf(`alerts:\n  webhooks:\n    ${webhook}\n`),
    );
    expect(message).toContain(`${key} cannot be`);
    expect(message).toContain(allowed);
    expect(`${message}${JSON.stringify(details)}`).not.toContain(KEY);
    expect(exit).toBe(ExitCode.usage);
  });

  it('are refused as a whole without being shown', async () => {
    for (const text of [`alerts: ${ADDRESS}\n`, `alerts: [{url: "${ADDRESS}"}]\n`]) {
      expect((await failureOf(() => settingsOf(text))).message).not.toContain(KEY);
    }
  });

  it.each([
    ['env:NOWHERE', {}, 'the environment variable NOWHERE is not set'],
    ['env:EMPTY', {EMPTY: ' '}, 'the environment variable EMPTY is not set'],
    ['file:nowhere', {}, 'nowhere cannot be read: ENOENT'],
    ['env:PLAIN', {PLAIN: `http://hooks.example/${KEY}`}, 'what env:PLAIN holds is no https address'],
  ])('say what is missing of %s, before anything is changed', async (url, env, message) => {
    const error = await failureOf(() => orders(`alerts: {webhooks: [{kind: slack, url: "${url}"}]}\n`, env));
    expect(error.message).toContain('alerts.webhooks.0.url: ');
    expect(error.message).toContain(message);
    expect(error.what(textsFor('zh-CN'))).toMatch(/[\u4e00-\u9fff]/);
    expect(inspect(error)).not.toContain(KEY);
    expect(error).toMatchObject({code: 'alert_secret_missing', exit: ExitCode.usage});
  });
});
