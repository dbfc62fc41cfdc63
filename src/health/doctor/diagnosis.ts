import {z} from 'zod';
import {textsFor, type Say} from '../../base/texts/index.ts';

export const DOCTOR_CHECKS = [
  'node',
  'engine',
  'folders',
  'disk',
  'memory',
  'gpu',
  'cuda',
  'persistence',
  'xid',
  'port',
  'hubs',
  'clock',
  'leftovers',
] as const;
export type DoctorCheckName = (typeof DOCTOR_CHECKS)[number];

export interface Finding {
  /** `warn`: a deploy works, though not every one. `fail`: none does. */
  state: 'pass' | 'warn' | 'fail';
  say: Say;
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
      state: z.enum(['pass', 'warn', 'fail']),
      durationMs: z.number(),
      message: z.string(),
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
    checks: diagnosis.checks.map(({name, state, durationMs, say, try: fixes}) => ({
      name,
      state,
      durationMs: Math.round(durationMs * 10) / 10,
      message: say(english),
      ...(fixes && fixes.length > 0 && {try: [...fixes]}),
    })),
  };
}
