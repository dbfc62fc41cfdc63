import type {Progress} from '../../base/progress.ts';
import {textsFor} from '../../base/texts/index.ts';

/** One JSON object a line, for programs: `{id, parent?, status, current?, total?, unit?, text}`, English. */
export function ndjsonProgress(write: (text: string) => void): Progress {
  const english = textsFor('en');
  return ({say, ...facts}) => {
    write(`${JSON.stringify({event: 'progress', ...facts, text: say(english)})}\n`);
  };
}
