import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {Agent, request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {NANO_SHAPE, writeSynthetic} from '../../src/models/index.ts';
import {quantile, type Bench, type Figure} from './harness.ts';
import {SYNTHETIC_160MB} from './synthetic.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const STREAMS = [1, 8] as const;
const SEQUENCES = 8;
const THREADS = 1;
const ROUNDS = 5;

interface Contender extends AsyncDisposable {
  /** Tokens a second, all streams together. */
  measure(streams: number, tokens: number): Promise<number>;
}

const disposer = (child: ChildProcess) => async (): Promise<void> => {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
};

async function plainLoop(weights: string, signal: AbortSignal): Promise<Contender> {
  const args = [path('engine-plain.ts'), weights, String(SEQUENCES), String(THREADS)];
  const child = spawn(process.execPath, args, {stdio: ['pipe', 'pipe', 'inherit'], signal});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  await lines.next();
  return {
    measure: async (streams, tokens) => {
      child.stdin.write(`${JSON.stringify({streams, tokens})}\n`);
      return Number((await lines.next()).value);
    },
    [Symbol.asyncDispose]: disposer(child),
  };
}

async function engine(weights: string, signal: AbortSignal): Promise<Contender> {
  const flags = {port: 0, model: 'bench', weights, context: 2048, sequences: SEQUENCES, threads: THREADS};
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const main = path('../../src/engines/embedded/main.ts');
  const child = spawn(process.execPath, [main, ...args], {stdio: ['ignore', 'pipe', 'inherit'], signal});
  const {promise: ready, resolve} = Promise.withResolvers<string>();
  let origin = '';
  createInterface({input: child.stdout}).on('line', (line) => {
    origin ||= /listening on (\S+)/.exec(line)?.[1] ?? '';
    if (line.includes(' ready: ')) resolve(origin);
  });
  const agent = new Agent({keepAlive: true});
  const url = `${await ready}/v1/chat/completions`;
  return {
    measure: async (streams, tokens) => {
      const started = performance.now();
      await Promise.all(Array.from({length: streams}, () => readStream(url, agent, tokens)));
      return ((streams * tokens) / (performance.now() - started)) * 1000;
    },
    [Symbol.asyncDispose]: disposer(child),
  };
}

/** Reads a stream of that many tokens to its end, and checks that they all came. */
async function readStream(url: string, agent: Agent, tokens: number): Promise<void> {
  const sent = request(url, {agent, method: 'POST'});
  sent.end(
    JSON.stringify({
      messages: [{role: 'user', content: 'hello'}],
      temperature: 0,
      max_tokens: tokens,
      ignore_eos: true,
      stream: true,
      stream_options: {include_usage: true},
    }),
  );
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  let tail = '';
  for await (const chunk of response) tail = (tail + chunk.toString('latin1')).slice(-400);
  if (!tail.includes(`"completion_tokens":${tokens},`))
    throw new Error(`the stream was not complete: ${tail}`);
}

/** Measures both in turn, so that what else the machine does meets both. */
async function compare(weights: string, tokens: number, goal: boolean, label: string, signal: AbortSignal) {
  await using plain = await plainLoop(weights, signal);
  await using ours = await engine(weights, signal);
  const figures: Figure[] = [];
  for (const streams of STREAMS) {
    const [theirs, own]: [number[], number[]] = [[], []];
    await plain.measure(streams, 8);
    await ours.measure(streams, 8);
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await plain.measure(streams, tokens));
      own.push(await ours.measure(streams, tokens));
    }
    const [base, value] = [quantile(theirs, 0.5), quantile(own, 0.5)];
    const conditions =
      `${label}, ${streams} streams x ${tokens} tokens, ${THREADS} thread, median of ${ROUNDS}, ` +
      `streamed over HTTP; plain loop over sequence.evaluate: ${base.toFixed(0)} tokens/s`;
    const name = `${label}, ${streams} streams`;
    figures.push(
      {name: `engine tokens/s: ${name}`, value, unit: 'tokens/s', conditions},
      {
        name: `engine against plain loop: ${name}`,
        value: value / base,
        unit: 'ratio',
        ...(goal && {goal: {atLeast: 0.85}}),
        conditions,
      },
    );
  }
  return figures;
}

const bench: Bench = {
  name: 'engine',
  async run(signal) {
    const folder = await mkdtemp(join(tmpdir(), 'berth-bench-engine-'));
    try {
      const [nano, larger] = [join(folder, 'nano.gguf'), join(folder, 'larger.gguf')];
      await writeSynthetic(nano, NANO_SHAPE);
      await writeSynthetic(larger, SYNTHETIC_160MB);
      return [
        // The goal is for models of a size that people deploy; nano is reported to show what a token costs us.
        ...(await compare(larger, 48, true, '160 MB model', signal)),
        ...(await compare(nano, 400, false, 'nano', signal)),
      ];
    } finally {
      await rm(folder, {recursive: true, force: true});
    }
  },
};

export default bench;
