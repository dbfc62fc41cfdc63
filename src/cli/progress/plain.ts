import type {Clock} from '../../base/clock.ts';
import type {Progress} from '../../base/progress.ts';
import type {Texts} from '../../base/texts/index.ts';
import {seconds, type Duration} from '../../base/units.ts';
import {formatAmount, MARKS} from './format.ts';

/** How often a step that counts may say where it is: a log should tell a story, not fill a disk. */
const PACE = seconds(5);

/** One line a step, for logs and pipes: no cursor movement, no colour. */
export function plainProgress(t: Texts, clock: Clock, write: (text: string) => void): Progress {
  const lastSaid = new Map<string, Duration>();
  const depths = new Map<string, number>();
  return (event) => {
    const depth = event.parent === undefined ? 0 : (depths.get(event.parent) ?? 0) + 1;
    depths.set(event.id, depth);
    if (event.status === 'running') {
      const before = lastSaid.get(event.id);
      if (before !== undefined && clock.elapsed() - before < PACE) return;
    }
    lastSaid.set(event.id, clock.elapsed());
    const amount = event.status === 'running' ? formatAmount(event) : undefined;
    write(
      `${'  '.repeat(depth)}${MARKS[event.status]} ${event.say(t)}${amount === undefined ? '' : `  ${amount}`}\n`,
    );
  };
}
