/**
 * The load client of the gateway bench, a process of its own: holds streams open and measures how long each
 * event was on its way. Raw sockets, because an HTTP client would cost more than what is measured.
 * Argument: `Load` as JSON. Prints `LoadResult` as JSON.
 */
import {createConnection} from 'node:net';
import {quantile} from './harness.ts';

export interface Load {
  origin: string;
  token: string;
  /** Connections, each with one request after the other. */
  streams: number;
  requestsPerStream: number;
  tokens: number;
  everyMs: number;
}

export interface LoadResult {
  events: number;
  wallMs: number;
  /** From the engine's write to this client's read. */
  p50Ms: number;
  p99Ms: number;
  failures: number;
}

const load = JSON.parse(process.argv[2] ?? '{}') as Load;
const {hostname, port} = new URL(load.origin);
const body = JSON.stringify({
  model: 'fake-model',
  messages: [{role: 'user', content: 'hello'}],
  stream: true,
  fake: {tokens: load.tokens, everyMs: load.everyMs, text: 'stamp'},
});
const request =
  `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${load.token}\r\n` +
  `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const delays: number[] = [];
let failures = 0;

const now = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
};

const KEY = '"content":"';

function take(text: string): void {
  const at = now();
  for (let from = text.indexOf(KEY); from !== -1; from = text.indexOf(KEY, from)) {
    from += KEY.length;
    const end = text.indexOf('"', from);
    if (end > from) delays.push(at - Number(text.slice(from, end)));
  }
}

/** One connection: its requests one after the other, begun at a random phase so that events do not come in step. */
const run = (): Promise<void> =>
  new Promise((resolve) => {
    let left = load.requestsPerStream;
    const socket = createConnection({host: hostname, port: Number(port), noDelay: true});
    socket.setEncoding('latin1');
    const begin = (): void => void socket.write(request);
    socket.once('connect', () => setTimeout(begin, Math.random() * load.everyMs));
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      take(text);
      if (text.startsWith('HTTP/1.1') && !text.startsWith('HTTP/1.1 200')) failures++;
      if (!text.endsWith('0\r\n\r\n')) return;
      if (--left > 0) begin();
      else socket.end();
    });
    socket.once('error', () => failures++);
    socket.once('close', () => {
      if (left > 0) failures++;
      resolve();
    });
  });

const started = now();
await Promise.all(Array.from({length: load.streams}, run));
const result: LoadResult = {
  events: delays.length,
  wallMs: now() - started,
  p50Ms: quantile(delays, 0.5),
  p99Ms: quantile(delays, 0.99),
  failures,
};
console.log(JSON.stringify(result));
