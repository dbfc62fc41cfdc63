import {ProbeFailure} from './failure.ts';

/** Longer than any event that an engine sends for one token; a stream without line ends must not fill memory. */
const MAX_EVENT_CHARACTERS = 256 * 1024;
const FIELD = /^(?:(data|event|id|retry)(?:: ?(.*))?|:.*)$/s;

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** The `data` of every server-sent event. Strict: bytes that are no event stream are a ProbeFailure. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', {fatal: true});
  let rest = '';
  let data: string[] = [];
  for await (const bytes of body) {
    try {
      rest += decoder.decode(bytes, {stream: true});
    } catch (error) {
      throw new ProbeFailure({why: (t) => t.health.notUtf8, cause: error});
    }
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield data.join('\n');
        data = [];
        continue;
      }
      const field = FIELD.exec(line);
      if (!field) throw new ProbeFailure({why: (t) => t.health.notAnEvent({line: shorten(line)})});
      if (field[1] === 'data') data.push(field[2] ?? '');
    }
    if (rest.length > MAX_EVENT_CHARACTERS) {
      throw new ProbeFailure({why: (t) => t.health.notAnEvent({line: shorten(rest)})});
    }
  }
  // An event counts once the empty line after it has come; without it the stream was cut.
  if (rest !== '' || data.length > 0) throw new ProbeFailure({why: (t) => t.health.streamCut});
}
