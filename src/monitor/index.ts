/** The door of monitor/: what is measured of a device second by second, kept, and asked for. */
export {
  ALERT_TOPICS,
  WEBHOOK_KINDS,
  type Alert,
  type AlertTopic,
  type Webhook,
  type WebhookKind,
} from './alerts/alert.ts';
export {deliver, USUAL_PATIENCE} from './alerts/deliver.ts';
export {happeningOf} from './alerts/happening.ts';
export {Outbox, type Outcome} from './alerts/outbox.ts';
export type {AlertsStatus, AlertTest} from './alerts/status.ts';
export {catchUp, hear, standing, type Telling, type Told} from './alerts/told.ts';
export {alertOf, testAlert, type Sender} from './alerts/words.ts';
export {askWatch, type Answers, type Health, type Question} from './ask.ts';
export {WATCH_EVENT_KINDS, type Observer, type WatchEvent, type WatchEventKind} from './events.ts';
export type {GuardStatus} from './guard-status.ts';
export {metricsOf} from './metrics.ts';
export {
  Judge,
  probeResult,
  servedByProbe,
  servedInWindow,
  servedOf,
  toldIn,
  type ObjectiveSettings,
  type ObjectivesStatus,
  type ProbeResult,
} from './objectives/index.ts';
export type {Sample, SampledDevice, SampledGateway, SampledTenant, Spans, TenantKind} from './sample.ts';
export {Sampler, type SamplerOptions} from './sampler.ts';
export type {HistoryRow, MinMeanMax} from './store/history.ts';
export {Store} from './store/store.ts';
