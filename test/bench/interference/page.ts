/** One stretch of the run: what stood beside the model, and its time from token to token as its client saw it. */
export interface Phase {
  name: string;
  seconds: number;
  tokens: number;
  meanMs: number;
  p50Ms: number;
  p99Ms: number;
}

export interface InterferenceReport {
  date: string;
  machine: string;
  load: number;
  version: string;
  model: string;
  burners: number;
  phases: readonly Phase[];
  /** From the neighbour's first work to the event that names it, and to the moment that it has the lowest priority. */
  namedAfterMs: number;
  loweredAfterMs: number;
  /** From the end of the model's work until the neighbour has its own priority again. */
  letGoAfterMs: number;
  coolDownMs: number;
  /** Whether a program that asked for a lease while the model was slowed was turned away. */
  newcomerRefused: boolean;
  events: readonly string[];
}

/** Restored: at most so many times its time alone. The goal of issue 5. */
export const GOAL = 1.25;

export const PHASES = ['alone', 'beside the neighbour', 'beside the lowered neighbour'] as const;

/** How many times its time alone a phase takes, by the mean: waits of a second are what a neighbour does. */
export function ratioOf({phases}: InterferenceReport, name: (typeof PHASES)[number]): number {
  const of = (wanted: string): number => phases.find((phase) => phase.name === wanted)?.meanMs ?? NaN;
  return of(name) / of('alone');
}

export const isMet = (report: InterferenceReport): boolean =>
  report.newcomerRefused && ratioOf(report, 'beside the lowered neighbour') <= GOAL;

export function interferencePage(report: InterferenceReport): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const rows = report.phases.map((phase) =>
    [
      phase.name,
      `${phase.seconds.toFixed(0)} s`,
      phase.tokens,
      `${phase.meanMs.toFixed(1)} ms`,
      `${phase.p50Ms.toFixed(1)} ms`,
      `${phase.p99Ms.toFixed(1)} ms`,
      ratioOf(report, phase.name as (typeof PHASES)[number]).toFixed(2),
    ].join(' | '),
  );
  return [
    '# A real neighbour beside the model, on a CPU',
    '',
    'Written by `npm run measure -- interference`; do not edit. Nothing here is a double: a deployment as `berth deploy`',
    'makes it, one client that streams answers one after another, and a neighbour that burns cores and memory bandwidth.',
    '',
    `- ${report.date}, Berth ${report.version}, load ${report.load.toFixed(1)} before the run`,
    `- ${report.machine}`,
    `- model: ${report.model}`,
    `- neighbour: ${report.burners} processes that never rest, each in a session of its own, adopted by \`berth lease adopt\`; guard as by default but \`coolDown: ${report.coolDownMs / 1000}s\``,
    '',
    'phase | length | tokens | mean from token to token | p50 | p99 | times alone',
    '--- | --- | --- | --- | --- | --- | ---',
    ...rows,
    '',
    `- named after ${seconds(report.namedAfterMs)}, at the lowest priority after ${seconds(report.loweredAfterMs)} of its work`,
    `- a program that asked for a lease meanwhile was ${report.newcomerRefused ? 'refused' : 'LET IN'}`,
    `- its own priority again ${seconds(report.letGoAfterMs)} after the model had nothing to do`,
    `- goal: at most ${GOAL} times alone beside the lowered neighbour: ${isMet(report) ? 'met' : 'MISSED'}`,
    '',
    'What the guard said:',
    '',
    ...report.events.map((event) => `- ${event}`),
    '',
  ].join('\n');
}
