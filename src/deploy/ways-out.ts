/** What a model's memory depends on and a person can ask for. */
export interface Sized {
  contextTokens?: number | undefined;
  sequences?: number | undefined;
  kvType?: string | undefined;
}

/** Least that `--context` takes. */
const LEAST_CONTEXT = 256;

/** Next commands for a model that does not fit as it was asked for, the best first. Each asks for less. Pure. */
export function waysOut({contextTokens, sequences, kvType}: Sized): string[] {
  const half = contextTokens === undefined ? 0 : Math.floor(contextTokens / 2);
  return [
    'berth capacity',
    ...(half >= LEAST_CONTEXT ? [`berth deploy --context ${half}`] : []),
    ...((sequences ?? 2) > 1 ? ['berth deploy --concurrency 1'] : []),
    ...(kvType === undefined || kvType === 'f16' ? ['berth deploy --kv q8_0'] : []),
  ];
}

/** A next command that asks for another size, whatever was asked for. */
const RESIZES = /^berth capacity$|\s--(?:context|concurrency|kv)\b/;

/** The ways out of a size that was too large, with what an engine advises beside. Pure. */
export const waysOutBeside = (advice: readonly string[], sized: Sized): string[] => [
  ...waysOut(sized),
  ...advice.filter((command) => !RESIZES.test(command)),
];
