import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {openBerth, type Berth} from '../support/berth.ts';
import {quantile, type Bench, type Figure} from './harness.ts';

const RUN = join(import.meta.dirname, '../../bin/run.js');
const ROUNDS = 15;

/** Starts of `berth start`: each is followed by a stop that is not timed. */
const STARTS = 5;

/**
 * Time of a bare Node, of `berth --version` and of `berth status`, taken in turns so that all see the same machine;
 * then, from `berth start` to the first token.
 */
const startup: Bench = {
  name: 'startup',
  run: async (signal) => {
    const home = mkdtempSync(join(tmpdir(), 'berth-bench-'));
    try {
      return [...measure(home, signal), await startToFirstToken(signal)];
    } finally {
      rmSync(home, {recursive: true, force: true});
    }
  },
};
export default startup;

function measure(home: string, signal: AbortSignal): Figure[] {
  const time = (argv: readonly string[]): number => {
    const started = performance.now();
    const {status, stderr} = spawnSync(process.execPath, argv, {
      env: {PATH: process.env.PATH, HOME: home, LANG: 'C'},
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${String(status)}: ${stderr}`);
    return performance.now() - started;
  };
  const programs = {bare: ['-e', '0'], version: [RUN, '--version'], status: [RUN, 'status', '--json']};
  const taken: Record<keyof typeof programs, number[]> = {bare: [], version: [], status: []};
  // The first round fills the compile cache and the disk cache: what people have from the second run on.
  for (const argv of Object.values(programs)) time(argv);
  for (let round = 0; round < ROUNDS; round++) {
    signal.throwIfAborted();
    for (const name of ['bare', 'version', 'status'] as const) taken[name].push(time(programs[name]));
  }
  const [bare, version, status] = [taken.bare, taken.version, taken.status].map((times) =>
    quantile(times, 0.5),
  );
  const conditions = `median of ${ROUNDS}, taken in turns, warm compile cache, nothing deployed`;
  return [
    {name: 'node -e 0', value: bare ?? NaN, unit: 'ms', conditions},
    {name: 'berth --version', value: version ?? NaN, unit: 'ms', conditions},
    {
      name: 'berth --version / node',
      value: (version ?? NaN) / (bare ?? NaN),
      unit: 'ratio',
      goal: {atMost: 4},
      conditions,
    },
    {name: 'berth status', value: status ?? NaN, unit: 'ms', conditions},
    {
      name: 'berth status / node',
      value: (status ?? NaN) / (bare ?? NaN),
      unit: 'ratio',
      goal: {atMost: 10},
      conditions,
    },
  ];
}

/** A stopped deployment of nano: the whole command, and after it a streaming request of a stranger's client. */
async function startToFirstToken(signal: AbortSignal): Promise<Figure> {
  await using berth = await openBerth();
  const must = async (...argv: string[]): Promise<void> => {
    const {code, stderr} = await berth.run(...argv);
    if (code !== 0) throw new Error(`berth ${argv.join(' ')} ended with ${String(code)}: ${stderr}`);
  };
  await must('deploy', '--model', 'nano');
  const key = await berth.key();
  const taken: number[] = [];
  for (let round = 0; round <= STARTS; round++) {
    signal.throwIfAborted();
    await must('stop');
    const started = performance.now();
    await must('start');
    await firstToken(berth, key);
    // The first round fills the caches.
    if (round > 0) taken.push(performance.now() - started);
  }
  return {
    name: 'berth start to first token',
    value: quantile(taken, 0.5),
    unit: 'ms',
    goal: {atMost: 3000},
    conditions:
      `nano, median of ${STARTS} starts after a stop: the whole command, then a streamed chat completion ` +
      `through the gateway; the slowest took ${Math.max(...taken).toFixed(0)} ms`,
  };
}

/** Resolves when the first text of an answer has come. */
async function firstToken({url}: Berth, key: string): Promise<void> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {authorization: `Bearer ${key}`, 'content-type': 'application/json'},
    body: JSON.stringify({model: 'nano', stream: true, messages: [{role: 'user', content: 'Hello!'}]}),
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, {stream: true});
    if (/"content":"[^"]/.test(text)) return;
  }
  throw new Error(`HTTP ${response.status} without a token: ${text}`);
}
