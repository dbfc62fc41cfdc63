import {StringDecoder} from 'node:string_decoder';

/**
 * The JSON values of a stream that has one a line, whatever the chunks: a character may be split between two.
 * Empty lines are passed over. A line that is no JSON is an error that shows it.
 */
export async function* readJsonLines(stream: NodeJS.ReadableStream): AsyncGenerator {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parse(line);
  }
  rest += decoder.end();
  if (rest.trim() !== '') yield parse(rest);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`not a line of JSON: ${line.slice(0, 200)}`, {cause: error});
  }
}
