/**
 * `npm run measure -- interference`: a real neighbour burns cores beside a real deployment, the guard finds it, holds
 * it back and lets it go. Writes docs/measurements/interference-cpu.md, and the report of `berth capacity --html` to
 * the path that is given. Exits 1 when the goal is missed.
 */
import {writeFile} from 'node:fs/promises';
import {Agent, request} from 'node:http';
import {once} from 'node:events';
import {cpus, loadavg, totalmem} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {berthVersion} from '../../../src/base/version.ts';
import {writeSynthetic} from '../../../src/models/index.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {burner, niceOf, USUAL_NICE} from '../../support/burner.ts';
import {temporaryFolder} from '../../support/temporary.ts';
import {quantile} from '../harness.ts';
import {SYNTHETIC_160MB} from '../synthetic.ts';
import {writePage} from '../write-page.ts';
import type {PHASES} from './page.ts';
import {interferencePage, isMet, ratioOf, type Phase} from './page.ts';

const [htmlFile] = process.argv.slice(2);
const root = join(import.meta.dirname, '..', '..', '..');
const ALONE_MS = 45_000;
const LOWERED_MS = 30_000;
/** The guard has had its chance by then. */
const PATIENCE_MS = 60_000;
const COOL_DOWN_MS = 15_000;
const LOWEST = 19;
/** Enough to take more than half of a small machine. Each in a session of its own, as jobs of a build farm are. */
const BURNERS = 2 * cpus().length;

/** The spans between the tokens of one client's streams, one stream after another. */
class Client implements AsyncDisposable {
  readonly #berth: Berth;
  readonly #agent = new Agent({keepAlive: true});
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #failure: unknown;
  spans: number[] = [];

  constructor(berth: Berth) {
    this.#berth = berth;
  }

  async start(model: string): Promise<void> {
    const key = await this.#berth.key();
    this.#running = (async () => {
      while (!this.#stop.signal.aborted) await this.#stream(model, key);
    })().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#failure = error;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#agent.destroy();
  }

  /** Before its deployment ends, or what it reads then would hide why. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stream(model: string, key: string): Promise<void> {
    const sent = request(`${this.#berth.url}/v1/completions`, {
      agent: this.#agent,
      method: 'POST',
      signal: this.#stop.signal,
      headers: {authorization: `Bearer ${key}`, 'content-type': 'application/json'},
    });
    sent.end(
      JSON.stringify({
        model,
        prompt: 'hello',
        max_tokens: 400,
        temperature: 0,
        ignore_eos: true,
        stream: true,
      }),
    );
    const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & {statusCode: number}];
    if (response.statusCode !== 200) {
      const body = (await Array.fromAsync(response)).join('');
      throw new Error(`HTTP ${response.statusCode}: ${body}`);
    }
    let last: number | undefined;
    for await (const chunk of response) {
      if (!chunk.includes('data: {')) continue;
      const now = performance.now();
      if (last !== undefined) this.spans.push(now - last);
      last = now;
    }
  }

  /** What was seen since the phase before. */
  phase(name: string, sinceMs: number): Phase {
    if (this.#failure !== undefined) throw new Error('the client failed', {cause: this.#failure});
    const spans = this.spans.splice(0);
    return {
      name,
      seconds: (performance.now() - sinceMs) / 1000,
      tokens: spans.length,
      meanMs: spans.reduce((sum, span) => sum + span, 0) / spans.length,
      p50Ms: quantile(spans, 0.5),
      p99Ms: quantile(spans, 0.99),
    };
  }
}

async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<number> {
  const started = performance.now();
  while (!(await holds())) {
    if (performance.now() - started > limitMs) throw new Error(`${what}: not within ${limitMs / 1000} s`);
    await pause(100);
  }
  return performance.now() - started;
}

async function must(berth: Berth, ...argv: string[]): Promise<Record<string, unknown>> {
  const {code, value, stderr} = await berth.json(...argv);
  if (code !== 0)
    throw new Error(`berth ${argv.join(' ')} ended with ${code}: ${JSON.stringify(value)} ${stderr}`);
  return value;
}

interface Told {
  at: string;
  kind: string;
  text: string;
}
const eventsOf = async (berth: Berth): Promise<Told[]> =>
  (await must(berth, 'guard', 'log')).events as Told[];

const load = loadavg()[0] ?? 0;
const cores = cpus().length;
await using folder = await temporaryFolder();
const weights = join(folder.path, 'synthetic.gguf');
// A token takes long enough for its client to be no neighbour worth naming.
await writeSynthetic(weights, SYNTHETIC_160MB);
await using berth = await openBerth();
await writeFile(join(berth.home, 'berth.yaml'), `guard: {coolDown: ${COOL_DOWN_MS / 1000}s}\n`);
console.log('deploying…');
await must(berth, 'deploy', '--model', weights, '--engine', 'embedded', '--context', '2048');
const models = (await (
  await fetch(`${berth.url}/v1/models`, {headers: {authorization: `Bearer ${await berth.key()}`}})
).json()) as {data: {id: string}[]};
await using client = new Client(berth);
await client.start(models.data[0]?.id ?? '');

const phases: Phase[] = [];
const measure = (name: (typeof PHASES)[number], since: number): void => {
  const phase = client.phase(name, since);
  phases.push(phase);
  console.log(
    `${phase.name}: mean ${phase.meanMs.toFixed(1)} ms, p50 ${phase.p50Ms.toFixed(1)} ms, p99 ${phase.p99Ms.toFixed(1)} ms, ${phase.tokens} tokens`,
  );
};
client.spans.length = 0;
let began = performance.now();
await pause(ALONE_MS);
measure('alone', began);

await using neighbour = await burner(BURNERS, {BURN_SESSIONS: '1'});
began = performance.now();
const beganAt = Date.now();
const [pid = 0] = neighbour.pids;
await must(berth, 'lease', 'adopt', String(pid), '--as', 'burner', '--ram', '500MiB');
await until('the neighbour to be lowered', () => niceOf(pid) === LOWEST, PATIENCE_MS);
const loweredAfterMs = performance.now() - began;
measure('beside the neighbour', began);

// The model is well again only once its pace was seen for a while.
const newcomer = await berth.json('lease', 'add', 'newcomer', '--ram', '50MiB', '--', 'sleep', '1');
const refused = (newcomer.value.error as {code: string} | undefined)?.code === 'lease_model_slowed';
client.spans.length = 0;
began = performance.now();
await pause(LOWERED_MS);
measure('beside the lowered neighbour', began);
if (niceOf(pid) !== LOWEST) throw new Error('the neighbour was let go while the model was at work');

await client.stop();
const letGoAfterMs = await until(
  'the neighbour to be let go',
  () => niceOf(pid) === USUAL_NICE,
  PATIENCE_MS + COOL_DOWN_MS,
);
const events = await eventsOf(berth);
const named = events.find(({kind}) => kind === 'interference');
if (htmlFile !== undefined) await must(berth, 'capacity', '--since', '3min', '--html', htmlFile);

const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  load,
  version: berthVersion(),
  model: '160 MB of synthetic weights (Qwen3 architecture, Q8_0), embedded engine, one stream',
  burners: BURNERS,
  phases,
  namedAfterMs: named ? Date.parse(named.at) - beganAt : NaN,
  loweredAfterMs,
  letGoAfterMs,
  coolDownMs: COOL_DOWN_MS,
  newcomerRefused: refused,
  events: events.map(({text}) => text),
};
const path = join(root, 'docs', 'measurements', 'interference-cpu.md');
await writePage(path, interferencePage(report));
console.log(
  `beside the lowered neighbour: ${ratioOf(report, 'beside the lowered neighbour').toFixed(2)} times alone\n${path}`,
);
process.exitCode = isMet(report) ? 0 : 1;
