import type {Texts} from '../../base/texts/index.ts';
import {formatDuration} from '../../base/units.ts';
import type {AlertsStatus, AlertTest} from '../../monitor/index.ts';
import {printableLine} from '../printable.ts';
import {table} from '../table.ts';

interface Tested extends Pick<AlertTest, 'webhooks'> {
  sentFrom: string;
}

/** What came of a test alert, a line each webhook. Reasons are as the services gave them. */
export function presentAlertTest({alerts: t}: Texts, {sentFrom, webhooks}: Tested): string {
  const rows = webhooks.map(({name, outcome, reason = '', tookMs}) => [
    printableLine(name),
    outcome === 'delivered' ? t.delivered : t.failed({reason: printableLine(reason)}),
    formatDuration(tookMs),
  ]);
  const {webhook, outcome, took} = t.head;
  return [table(rows, {head: [webhook, outcome, took]}), t.sentFrom({host: printableLine(sentFrom)})].join(
    '\n\n',
  );
}

/** The webhooks, and what they are told about. */
export function presentAlerts({alerts: t}: Texts, deployment: string, status: AlertsStatus | null): string {
  if (!status) return t.noWebhooks({deployment});
  const rows = status.webhooks.map(({name, waiting, trouble}) => [
    printableLine(name),
    trouble ? t.failing({count: trouble.lost, reason: printableLine(trouble.reason)}) : t.works,
    String(waiting),
  ]);
  const {webhook, state, waiting} = t.head;
  return [
    table(rows, {head: [webhook, state, waiting]}),
    t.about({topics: status.topics.join(', '), span: formatDuration(status.repeatMs)}),
  ].join('\n\n');
}
