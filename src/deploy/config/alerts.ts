import {z} from 'zod';
import {quantity} from '../../base/quantity.ts';
import {Secret} from '../../base/secret.ts';
import {minutes, parseDuration, type Duration} from '../../base/units.ts';
import {ALERT_TOPICS, WEBHOOK_KINDS, type WebhookKind} from '../../monitor/index.ts';
import {isWebhookAddress} from './webhook-address.ts';

/** Services that sign what they are sent; the others keep their key in the address. */
const SIGNING: readonly WebhookKind[] = ['dingtalk', 'feishu', 'json'];

/** `env:NAME` and `file:PATH` say where it is; the file itself, meant from where berth.yaml lies. */
const REFERENCE = /^(?:env:[A-Za-z_]\w*|file:.+)$/;

/** A secret, described as what it is printed as. */
const redacted: z.ZodType<Secret, Secret> = z.any().describe('[redacted]');

/** From here on it is a secret: whoever prints the settings prints `[redacted]`. */
const secretText = (isRight: (text: string) => boolean, form: string) =>
  z
    .string()
    .refine((text) => REFERENCE.test(text) || isRight(text), {params: {form}})
    .transform((text) => new Secret(text))
    .pipe(redacted);

const webhookSchema = z
  .strictObject({
    kind: z.enum(WEBHOOK_KINDS),
    /** What people call it; its kind and host when left out. */
    name: z
      .string()
      .refine((text) => /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,59}$/u.test(text), {params: {form: 'webhookName'}})
      .exactOptional(),
    /** Whoever knows it can write there. */
    url: secretText(isWebhookAddress, 'webhookAddress'),
    /** What it is signed with. */
    secret: secretText(
      (text) => text.length > 0 && !/^(?:env|file):/.test(text),
      'webhookSecret',
    ).exactOptional(),
  })
  .refine(({kind, secret}) => secret === undefined || SIGNING.includes(kind), {
    path: ['secret'],
    params: {form: 'webhookUnsigned'},
  });

/** Who is told of what happens, beside the log. */
export const alertSettingsSchema = z.strictObject({
  webhooks: z.array(webhookSchema).max(10).default([]),
  topics: z.array(z.enum(ALERT_TOPICS)).default([...ALERT_TOPICS]),
  /** The same thing is not told again within this time. */
  repeat: quantity<Duration>(parseDuration, '1h', 1000).default(minutes(60)),
  /** Of the titles; the sentence and the numbers below are as in the log, English. */
  language: z.enum(['en', 'zh-CN']).default('en'),
});
export type AlertSettings = z.infer<typeof alertSettingsSchema>;
