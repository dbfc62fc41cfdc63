import {z} from 'zod';
import {textsFor, type Say} from '../base/texts/index.ts';

export const HEALTH_PROBES = ['process', 'port', 'model', 'completion', 'token-counter', 'memory'] as const;
export type HealthProbeName = (typeof HEALTH_PROBES)[number];

export interface ProbeFacts {
  firstTokenMs?: number;
  completionTokens?: number;
  usedBytes?: number;
  budgetBytes?: number;
  /** Supervisor, gateway and watch, beside the model's budget. */
  programsUsedBytes?: number;
  programsAllowanceBytes?: number;
}

/** One probe of a running deployment. */
export type HealthProbe = {name: HealthProbeName; durationMs: number; facts?: ProbeFacts} & (
  | {state: 'pass'}
  | {
      state: 'fail';
      why: Say;
      try: readonly string[];
      lastLines: readonly string[];
      /** Without it requests fail (`unhealthy`); otherwise they are answered, but something is wrong. */
      severity: 'unhealthy' | 'degraded';
    }
  | {state: 'skipped'; why: Say}
);

export interface HealthReport {
  at: Date;
  deployment: string;
  state: 'healthy' | 'degraded' | 'unhealthy';
  probes: readonly HealthProbe[];
}

export function overall(probes: readonly HealthProbe[]): HealthReport['state'] {
  const failed = probes.filter((probe) => probe.state === 'fail');
  if (failed.some((probe) => probe.severity === 'unhealthy')) return 'unhealthy';
  return failed.length > 0 ? 'degraded' : 'healthy';
}

/** What `berth health --json` prints. */
export const healthSchema = z.object({
  schema: z.literal('berth.health/1'),
  at: z.iso.datetime(),
  deployment: z.string(),
  state: z.enum(['healthy', 'degraded', 'unhealthy']),
  probes: z.array(
    z.object({
      name: z.enum(HEALTH_PROBES),
      state: z.enum(['pass', 'fail', 'skipped']),
      durationMs: z.number(),
      firstTokenMs: z.number().optional(),
      completionTokens: z.int().optional(),
      usedBytes: z.int().optional(),
      budgetBytes: z.int().optional(),
      programsUsedBytes: z.int().optional(),
      programsAllowanceBytes: z.int().optional(),
      why: z.string().optional(),
      try: z.array(z.string()).optional(),
      lastLines: z.array(z.string()).optional(),
    }),
  ),
});
export type HealthJson = z.infer<typeof healthSchema>;

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** The report as JSON: English, times to a tenth of a millisecond. */
export function healthJson(report: HealthReport): HealthJson {
  const english = textsFor('en');
  return {
    schema: 'berth.health/1',
    at: report.at.toISOString(),
    deployment: report.deployment,
    state: report.state,
    probes: report.probes.map((probe) => {
      const {firstTokenMs, ...facts} = probe.facts ?? {};
      return {
        name: probe.name,
        state: probe.state,
        durationMs: tenths(probe.durationMs),
        ...(firstTokenMs !== undefined && {firstTokenMs: tenths(firstTokenMs)}),
        ...facts,
        ...(probe.state !== 'pass' && {why: probe.why(english)}),
        ...(probe.state === 'fail' && {try: [...probe.try]}),
        ...(probe.state === 'fail' && probe.lastLines.length > 0 && {lastLines: [...probe.lastLines]}),
      };
    }),
  };
}
