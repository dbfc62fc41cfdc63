import {readFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import {BerthError, ExitCode, systemCode} from '../base/errors.ts';
import type {Secret} from '../base/secret.ts';
import type {Say} from '../base/texts/index.ts';
import type {Host} from '../hosts/index.ts';
import {alertsFile, type AlertOrders} from '../watch/index.ts';
import type {AlertSettings} from './config/alerts.ts';
import type {Settings} from './config/settings.ts';
import {isWebhookAddress} from './config/webhook-address.ts';
import {deploymentFolder, type RecordKeeper} from './history.ts';

/**
 * What the watch is to be ordered, with the secrets that the settings name: from the environment and the files of
 * whoever deploys. Undefined where nobody is to be told. Fails with `alert_secret_missing` before anything is changed.
 */
export async function readAlertOrders(
  {kind, name}: Pick<Host, 'kind' | 'name'>,
  {webhooks, topics, repeat, language}: AlertSettings,
  env: NodeJS.ProcessEnv,
): Promise<AlertOrders | undefined> {
  if (webhooks.length === 0) return undefined;
  const read = await Promise.all(webhooks.map((webhook, index) => readWebhook(webhook, index, env)));
  return {
    schema: 'berth.alerts/1',
    host: kind === 'local' ? hostname() : name,
    ...{language, topics},
    repeatMs: repeat,
    webhooks: read.map((webhook, index) => ({...webhook, name: uniqueName(read, index)})),
  };
}

/** Writes the orders where the watch reads them within a second: for its owner alone. */
export async function writeAlertOrders(
  host: RecordKeeper,
  {deployment}: Pick<Settings, 'deployment'>,
  orders: AlertOrders | undefined,
): Promise<void> {
  const path = alertsFile(deploymentFolder(host, deployment));
  const before = await host.files.read(path);
  if (!orders) {
    if (before !== undefined) await host.files.remove(path);
    return;
  }
  const text = `${JSON.stringify(orders, undefined, 2)}\n`;
  if (before !== text) await host.files.write(path, text, 0o600);
}

type Webhook = AlertOrders['webhooks'][number];

async function readWebhook(
  {kind, name, url, secret}: AlertSettings['webhooks'][number],
  index: number,
  env: NodeJS.ProcessEnv,
): Promise<Webhook> {
  const key = `alerts.webhooks.${index}`;
  const address = await reveal(url, `${key}.url`, env);
  if (!isWebhookAddress(address)) throw missing((t) => t.address({key: `${key}.url`, from: url.reveal()}));
  return {
    kind,
    name: name ?? `${kind} ${new URL(address).hostname}`,
    url: address,
    ...(secret && {secret: await reveal(secret, `${key}.secret`, env)}),
  };
}

/** Two groups of one service have the same kind and host. */
function uniqueName(webhooks: readonly Webhook[], index: number): string {
  const {name = ''} = webhooks[index] ?? {};
  const before = webhooks.slice(0, index).filter((other) => other.name === name).length;
  return before === 0 ? name : `${name} ${before + 1}`;
}

async function reveal(secret: Secret, key: string, env: NodeJS.ProcessEnv): Promise<string> {
  const text = secret.reveal();
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length);
    const value = env[name]?.trim() ?? '';
    if (value === '') throw missing((t) => t.env({key, name}), `export ${name}=…`);
    return value;
  }
  if (!text.startsWith('file:')) return text;
  const path = text.slice('file:'.length);
  const value = await readFile(path, 'utf8').then(
    (content) => content.trim(),
    (error: unknown) => {
      throw missing((t) => t.file({key, path, reason: systemCode(error) ?? ''}), `ls -l ${path}`);
    },
  );
  if (value === '') throw missing((t) => t.file({key, path, reason: 'EMPTY'}), `ls -l ${path}`);
  return value;
}

function missing(
  say: (t: Parameters<Say>[0]['alerts']['secretMissing']) => string,
  next?: string,
): BerthError {
  return new BerthError({
    code: 'alert_secret_missing',
    what: (t) => say(t.alerts.secretMissing),
    try: [...(next === undefined ? [] : [next]), 'berth config check'],
    exit: ExitCode.usage,
  });
}
