import {z} from 'zod';
import {textsFor, type Say} from '../../base/texts/index.ts';

export const DOCTOR_CHECKS = [
  'reach',
  'node',
  'engine',
  'folders',
  'disk',
  'memory',
  'docker',
  'gpu',
  'cuda',
  'persistence',
  'xid',
  'container',
  'port',
  'hubs',
  'registries',
  'clock',
  'leftovers',
  'neighbours',
] as const;
export type DoctorCheckName = (typeof DOCTOR_CHECKS)[number];

export interface Finding {
  /** `warn`: a deploy works, though not every one. `fail`: none does. `skipped`: not asked; `say` tells why. */
  state: 'pass' | 'warn' | 'fail' | 'skipped';
  say: Say;
  /** What caused it, when that says more. */
  why?: Say;
  /** Commands that put it right, the best first. */
  try?: readonly string[];
}

export interface Diagnosis {
  at: Date;
  host: string;
  checks: readonly (Finding & {name: DoctorCheckName; durationMs: number})[];
  /** No check failed. */
  ready: boolean;
}

/** What `berth doctor --json` prints. */
export const doctorSchema = z.object({
  schema: z.literal('berth.doctor/1'),
  at: z.iso.datetime(),
  host: z.string(),
  ready: z.boolean(),
  checks: z.array(
    z.object({
      name: z.enum(DOCTOR_CHECKS),
      state: z.enum(['pass', 'warn', 'fail', 'skipped']),
      durationMs: z.number(),
      message: z.string(),
      why: z.string().optional(),
      try: z.array(z.string()).optional(),
    }),
  ),
});
export type DoctorJson = z.infer<typeof doctorSchema>;

/** The diagnosis as JSON, in English. */
export function doctorJson(diagnosis: Diagnosis): DoctorJson {
  const english = textsFor('en');
  return {
    schema: 'berth.doctor/1',
    at: diagnosis.at.toISOString(),
    host: diagnosis.host,
    ready: diagnosis.ready,
    checks: diagnosis.checks.map(({name, state, durationMs, say, why, try: fixes}) => ({
      name,
      state,
      durationMs: Math.round(durationMs * 10) / 10,
      message: say(english),
      ...(why && {why: why(english)}),
      ...(fixes && fixes.length > 0 && {try: [...fixes]}),
    })),
  };
}
