/**
 * Clients that stream answers one after the other until SIGTERM, then say how that went. A program of its own, so that
 * it can be run inside the network of a host, where a cut cable does not reach.
 */
import {readFileSync} from 'node:fs';

/** What it prints at its end, as one line of JSON; the line before says that it has begun. */
export interface Streamed {
  answers: number;
  failures: string[];
  /** The longest that one request took, in milliseconds. */
  longestMs: number;
}

// Two cores serve all of a test: a client that thinks for a moment leaves them to what is tested.
const [url = '', keyFile = '', clients = '1', thinksMs = '50'] = process.argv.slice(2);
const key = readFileSync(keyFile, 'utf8').trim();
const streamed: Streamed = {answers: 0, failures: [], longestMs: 0};
let going = true;
process.once('SIGTERM', () => (going = false));
console.log('streams');

async function ask(): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {authorization: `Bearer ${key}`, 'content-type': 'application/json'},
    body: JSON.stringify({model: 'nano', stream: true, messages: [{role: 'user', content: 'Hello!'}]}),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${body.slice(0, 200)}`);
  if (!body.trimEnd().endsWith('data: [DONE]')) throw new Error(`an answer broke off: ${body.slice(-200)}`);
}

async function loop(): Promise<void> {
  while (going) {
    const started = performance.now();
    try {
      await ask();
      streamed.answers++;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
      streamed.failures.push(`${String(error)}${cause}`);
    }
    streamed.longestMs = Math.max(streamed.longestMs, Math.round(performance.now() - started));
    await new Promise((resolve) => setTimeout(resolve, Number(thinksMs)));
  }
}

await Promise.all(Array.from({length: Number(clients)}, loop));
console.log(JSON.stringify(streamed));
