import {z} from 'zod';
import {ALERT_TOPICS, WEBHOOK_KINDS} from './alert.ts';

const webhook = {
  /** No part of its address but the host is in it. */
  name: z.string(),
  kind: z.enum(WEBHOOK_KINDS),
};

/** Whom the watch tells, and how that fares. */
export const alertsStatusSchema = z.object({
  /** The machine as alerts name it. */
  host: z.string(),
  topics: z.array(z.enum(ALERT_TOPICS)),
  /** The same thing is not told again within this time. */
  repeatMs: z.number(),
  language: z.enum(['en', 'zh-CN']),
  webhooks: z.array(
    z.object({
      ...webhook,
      /** Alerts that are not yet delivered or given up. */
      waiting: z.int(),
      /** Missing when the last alert was delivered, or none was sent yet. */
      trouble: z.object({lost: z.int(), reason: z.string(), sinceMs: z.number()}).optional(),
    }),
  ),
  /** What is bad now and was told: ids of alerts. */
  standing: z.array(z.string()),
});
export type AlertsStatus = z.infer<typeof alertsStatusSchema>;

/** What came of a test alert, so far. */
export const alertTestSchema = z.object({
  host: z.string(),
  done: z.boolean(),
  webhooks: z.array(
    z.object({
      ...webhook,
      outcome: z.enum(['under-way', 'delivered', 'failed']),
      /** Why it failed. */
      reason: z.string().optional(),
      tookMs: z.number(),
    }),
  ),
});
export type AlertTest = z.infer<typeof alertTestSchema>;
