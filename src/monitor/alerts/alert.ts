import type {Secret} from '../../base/secret.ts';

/** Services that alerts can be sent to; `json` is a program of one's own. */
export const WEBHOOK_KINDS = ['dingtalk', 'feishu', 'wecom', 'slack', 'json'] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

/** What alerts can be about. */
export const ALERT_TOPICS = ['interference', 'guard', 'lease', 'objective', 'device', 'watch'] as const;
export type AlertTopic = (typeof ALERT_TOPICS)[number];

/** What is told to people elsewhere. Plain JSON. */
export interface Alert {
  /** The same each time that the same thing is told, and different for its end: `lease comfyui`. */
  id: string;
  topic: AlertTopic | 'test';
  state: 'bad' | 'good' | 'test';
  /** One line, in the language of the settings. */
  title: string;
  /** One plain English sentence. */
  text: string;
  deployment: string;
  /** Name of the machine. */
  host: string;
  /** Wall clock, ms since the epoch. */
  atMs: number;
  /** What it was decided on. */
  numbers: Readonly<Record<string, number | string>>;
  /** How many times it happened since it was told last, and was not told. */
  repeats: number;
}

/** Where alerts go. */
export interface Webhook {
  kind: WebhookKind;
  /** What people call it. No part of its address but the host is in it. */
  name: string;
  /** Who knows it can write there. */
  url: Secret;
  /** What the service signs with; undefined where it has none. */
  secret: Secret | undefined;
}

/** One HTTP request: a POST of JSON. The address can hold a secret, so it is never shown. */
export interface Post {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface Answer {
  status: number;
  /** The least pause that it asks for. */
  retryAfterMs?: number;
  /** Its begin. */
  body: string;
}

/** What the answer means. `again`: worth another try, not before `afterMs` where that was said. */
export type Verdict =
  | {verdict: 'taken'}
  | {verdict: 'again'; reason: string; afterMs?: number}
  | {verdict: 'refused'; reason: string};
