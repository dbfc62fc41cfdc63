import {join} from 'node:path';
import type {Language} from '../../base/texts/index.ts';
import type {AlertTopic, WebhookKind} from '../../monitor/index.ts';

/**
 * Whom the watch tells, and about what. A deploy writes it, and checked it before: `berth.alerts/1`. It is a file of its
 * own beside the policy, mode 0600, because it holds what must stay secret.
 */
export interface AlertOrders {
  schema: 'berth.alerts/1';
  /** What people call the machine. */
  host: string;
  language: Language;
  topics: readonly AlertTopic[];
  repeatMs: number;
  webhooks: readonly {
    kind: WebhookKind;
    /** Each has another. */
    name: string;
    /** In clear. */
    url: string;
    secret?: string;
  }[];
}

/** Its path. There is none where nobody is to be told. Pure. */
export const alertsFile = (stateFolder: string): string => join(stateFolder, 'alerts.json');
