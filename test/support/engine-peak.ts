/** Runs the embedded engine as a deploy runs it, fills it, and reads what it took. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {systemClock} from '../../src/base/clock.ts';
import {bytes, mib, seconds, type Bytes, type Duration} from '../../src/base/units.ts';
import type {EngineSettings} from '../../src/engines/index.ts';
import {askCompletion} from '../../src/health/ask.ts';
import {warmUp, type WarmUpReport} from '../../src/health/warm-up.ts';

const program = fileURLToPath(new URL('../../src/engines/embedded/main.ts', import.meta.url));
/** One prompt of this many tokens in every sequence at once, after the long one. */
const BESIDE_TOKENS = 300;
const ANSWER_TOKENS = 8;

export type MemorySettings = Pick<EngineSettings, 'contextTokens' | 'sequences' | 'kvType' | 'batchTokens'>;

export type Buffers = Record<'model' | 'KV' | 'compute' | 'output', Bytes>;

export interface EnginePeak {
  /** Highest resident size of the engine's process, as the kernel counts it. */
  peakBytes: Bytes;
  /** What llama.cpp says it took, by use: weights, cache, scratch space, logits. */
  buffers: Buffers;
  /** Of these, what is on a card. */
  cardBuffers: Buffers;
  readyMs: number;
  warmUp: WarmUpReport;
}

interface MeasureOptions {
  /** Of the gate's warm-up. */
  limit?: Duration;
  /** `auto`: on a card, where there is one. */
  gpu?: 'auto' | 'off';
  /** Called with the engine's PID once it has done all that it is to do, while it still runs. */
  whenFilled?: (pid: number) => Promise<void>;
}

/** The peak of one engine over loading, the gate's warm-up and all sequences at once. */
export async function measureEngine(
  weights: string,
  settings: MemorySettings,
  signal: AbortSignal,
  {limit = seconds(20), gpu = 'off', whenFilled}: MeasureOptions = {},
): Promise<EnginePeak> {
  const {contextTokens, sequences, kvType, batchTokens} = settings;
  const flags = {
    port: 0,
    model: 'measured',
    weights,
    context: contextTokens,
    sequences,
    'kv-type': kvType,
    'batch-tokens': batchTokens,
    threads: 1,
    gpu,
  };
  const argv = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...argv], {stdio: ['ignore', 'pipe', 'pipe'], signal});
  const exited = once(child, 'close');
  const lines: string[] = [];
  const {promise: ready, resolve, reject} = Promise.withResolvers<string>();
  let origin = '';
  createInterface({input: child.stdout}).on('line', (line) => {
    lines.push(line);
    origin ||= /listening on (\S+)/.exec(line)?.[1] ?? '';
    if (line.includes(' ready: ')) resolve(origin);
  });
  createInterface({input: child.stderr}).on('line', (line) => lines.push(line));
  child.once('close', () => reject(new Error(`the engine ended:\n${lines.slice(-8).join('\n')}`)));
  try {
    const target = {origin: await ready, model: 'measured'};
    const readyMs = performance.now() - started;
    const ask = (prompt: string, maxTokens: number) =>
      askCompletion(target, {prompt, maxTokens, clock: systemClock, signal});
    const probe = await ask('Say that you are ready.', ANSWER_TOKENS);
    const report = await warmUp({target, probe, contextTokens, limit, clock: systemClock, signal});
    const beside = 'x'.repeat(Math.min(BESIDE_TOKENS, Math.floor(contextTokens / 2)));
    await Promise.all(Array.from({length: sequences}, (_, index) => ask(`${index}${beside}`, ANSWER_TOKENS)));
    if (child.pid !== undefined) await whenFilled?.(child.pid);
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    return {
      peakBytes: bytes(peak),
      buffers: buffersOf(lines),
      cardBuffers: buffersOf(lines, CARD),
      readyMs,
      warmUp: report,
    };
  } finally {
    child.kill('SIGKILL');
    await exited.catch(() => undefined);
  }
}

/** `CUDA_Host` is the machine's own memory, pinned. */
const CARD = /^CUDA\d/;

function buffersOf(lines: readonly string[], on = /./): Buffers {
  const sums = {model: bytes(0), KV: bytes(0), compute: bytes(0), output: bytes(0)};
  for (const line of lines) {
    const [, use, size, place = ''] = / buffer: (\w+) ([\d.]+) MiB on (\S+)/.exec(line) ?? [];
    if (use !== undefined && use in sums && on.test(place)) {
      const of = use as keyof typeof sums;
      sums[of] = bytes(sums[of] + mib(Number(size)));
    }
  }
  return sums;
}
