import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';

/**
 * Calls `hear` with each line of a stream that speaks one JSON value a line. A line that the other side could not
 * finish, because it was killed while it wrote, is no line. Resolves when the stream has ended, however it ended.
 */
export function hearJsonLines(
  stream: Readable,
  hear: (value: unknown) => void,
  parse: (line: string) => unknown = JSON.parse,
): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<undefined>();
  createInterface({input: stream})
    .on('line', (line) => {
      const said = parseLine(line, parse);
      if (said) hear(said.value);
    })
    .once('close', resolve)
    // The stream's own error, told a second time; whoever owns the stream listens to the first.
    .on('error', resolve);
  return promise;
}

function parseLine(line: string, parse: (line: string) => unknown): {value: unknown} | undefined {
  try {
    return {value: parse(line)};
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
