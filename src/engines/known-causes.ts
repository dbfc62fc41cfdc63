import type {Say} from '../base/texts/index.ts';
import {formatBytes, parseBytes, type Bytes} from '../base/units.ts';
import type {KnownCause, Shortage} from './engine.ts';

/**
 * Code of the one cause that is nobody's mistake: what a neighbour held changed while the engine measured the
 * card. Starting again once the card is quiet is all it needs.
 */
export const MEMORY_CHANGED = 'memory_changed';

/** Code of the cause that the plan is there to prevent: the engine took more than was planned, or there was less. */
export const OUT_OF_MEMORY = 'out_of_memory';

/** One entry of an engine's dictionary of failures. */
export interface CausePattern {
  code: string;
  line: RegExp;
  why: Say;
  try: readonly string[];
  /** Where the log tells bytes: each pattern's groups together are a size as `parseBytes` reads it. */
  shortage?: {asked: readonly RegExp[]; free: readonly RegExp[]};
}

/** The cause of a failure, when a log line gives it away. The first pattern that matches any line wins. */
export function findCause(
  patterns: readonly CausePattern[],
  lastLines: readonly string[],
): KnownCause | undefined {
  for (const pattern of patterns) {
    const line = lastLines.findLast((candidate) => pattern.line.test(candidate));
    if (line === undefined) continue;
    const shortage = pattern.shortage && shortageIn(pattern.shortage, lastLines);
    return {
      ...{code: pattern.code, why: pattern.why, try: pattern.try, line},
      ...(shortage && {shortage, why: (t) => t.engine.memoryRefused(inWords(shortage))}),
    };
  }
  return undefined;
}

/** The same for people. */
const inWords = ({askedBytes, freeBytes}: Shortage): {asked: string; free: string | undefined} => ({
  asked: formatBytes(askedBytes),
  free: freeBytes === undefined ? undefined : formatBytes(freeBytes),
});

function shortageIn(
  {asked, free}: NonNullable<CausePattern['shortage']>,
  lines: readonly string[],
): Shortage | undefined {
  const askedBytes = lastSize(asked, lines);
  if (askedBytes === undefined) return undefined;
  const freeBytes = lastSize(free, lines);
  // What was free before the first of several requests does not explain why the last was refused.
  return {askedBytes, ...(freeBytes !== undefined && freeBytes < askedBytes && {freeBytes})};
}

/** From the newest line that any of the patterns matches; the first pattern wins within a line. */
function lastSize(patterns: readonly RegExp[], lines: readonly string[]): Bytes | undefined {
  for (const line of lines.toReversed()) {
    const match = patterns.map((pattern) => pattern.exec(line)).find((found) => found !== null);
    if (match) return parseBytes(match.slice(1).join(''));
  }
  return undefined;
}
