import type {Say} from '../base/texts/index.ts';
import type {KnownCause} from './engine.ts';

/**
 * Code of the one cause that is nobody's mistake: what a neighbour held changed while the engine measured the
 * card. Starting again once the card is quiet is all it needs.
 */
export const MEMORY_CHANGED = 'memory_changed';

/** One entry of an engine's dictionary of failures. */
export interface CausePattern {
  code: string;
  line: RegExp;
  why: Say;
  try: readonly string[];
}

/** The cause of a failure, when a log line gives it away. The first pattern that matches any line wins. */
export function findCause(
  patterns: readonly CausePattern[],
  lastLines: readonly string[],
): KnownCause | undefined {
  for (const pattern of patterns) {
    const line = lastLines.findLast((candidate) => pattern.line.test(candidate));
    if (line !== undefined) return {code: pattern.code, why: pattern.why, try: pattern.try, line};
  }
  return undefined;
}
