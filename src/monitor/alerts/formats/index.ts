import type {WebhookKind} from '../alert.ts';
import {dingtalk} from './dingtalk.ts';
import {feishu} from './feishu.ts';
import type {Format} from './format.ts';
import {plainJson} from './plain-json.ts';
import {slack} from './slack.ts';
import {wecom} from './wecom.ts';

export const FORMATS: Record<WebhookKind, Format> = {dingtalk, feishu, wecom, slack, json: plainJson};
