import type {Clock} from '../base/clock.ts';
import {BerthError, ExitCode} from '../base/errors.ts';
import type {Progress, ProgressEvent} from '../base/progress.ts';
import {formatDuration, ms, seconds, type Duration} from '../base/units.ts';
import {OUT_OF_MEMORY, readMetrics, type KnownCause, type MetricsMap} from '../engines/index.ts';
import type {Endpoint, ProgramExit, ProgramState} from '../hosts/index.ts';
import {askCompletion, askMetrics, askModels, askReadiness, type Completion, type Target} from './ask.ts';
import {ProbeFailure, within} from './failure.ts';
import {warmUp} from './warm-up.ts';

const MODELS_LIMIT = seconds(10);
/** A slow CPU may need a minute to read even a short prompt and say a few words. */
const COMPLETION_LIMIT = seconds(120);
const WARM_UP_LIMIT = seconds(10);
const READINESS_LIMIT = seconds(5);
const ASK_EVERY = ms(50);
/** Engines count a moment after they have answered. */
const COUNTED_WITHIN = seconds(5);
/** An engine that dies breaks its connections a moment before its keeper knows. */
const EXIT_SEEN_WITHIN = ms(1000);

export const PROMPT = 'Say in one short sentence that you are ready.';
export const ANSWER_TOKENS = 16;

export interface GateInput {
  state(): Promise<ProgramState>;
  endpoint(): Promise<Endpoint>;
  /** The id that clients will send. */
  model: string;
  healthPath: string;
  explain(lastLines: readonly string[]): KnownCause | undefined;
  /** The engine's names for its own numbers: what watches it later must be able to read them. */
  metrics: MetricsMap;
  clock: Clock;
  progress: Progress;
  signal: AbortSignal;
  /** For all probes together, loading included. */
  deadline: Duration;
  /** Tokens one request may use: what the warm-up fills. */
  contextTokens: number;
  /** Time for the warm-up; 10 s unless told. A CPU that cannot fill the context in it fills what it can. */
  warmUpLimit?: Duration;
}

export type GateProbeName = 'process' | 'ready' | 'model' | 'completion' | 'warm-up';

export interface GateProbe {
  name: GateProbeName;
  state: 'pass';
  durationMs: number;
  firstTokenMs?: number;
  promptTokens?: number;
  completionTokens?: number;
  /** Of the warm-up: what ended it. */
  limitedBy?: 'context' | 'time';
}

export interface GateReport {
  durationMs: number;
  /** From the request to the first token of the completion. */
  firstTokenMs: number;
  probes: readonly GateProbe[];
}

/**
 * Proves that a candidate can serve before it gets traffic: it runs, is ready, lists the model, streams real
 * tokens, and survives its longest prompt. A candidate that ends fails at once.
 * @throws BerthError `gate_failed` (exit 4, or 5 when memory ran out): which probe, why, the last log lines.
 */
export async function gate(input: GateInput): Promise<GateReport> {
  const {clock} = input;
  const started = clock.elapsed();
  const probes: GateProbe[] = [];
  const left = (limit: Duration): Duration =>
    ms(Math.min(limit, input.deadline - (clock.elapsed() - started)));

  async function probe(
    name: GateProbeName,
    work: (signal: AbortSignal) => Promise<Partial<GateProbe> | undefined>,
  ): Promise<void> {
    const begun = clock.elapsed();
    const tell = (status: ProgressEvent['status']): void =>
      input.progress({id: `gate/${name}`, parent: 'gate', status, say: (t) => t.health.probe[name]});
    tell('started');
    try {
      const facts = await whileAlive(input, work);
      probes.push({name, state: 'pass', durationMs: clock.elapsed() - begun, ...facts});
      tell('done');
    } catch (error) {
      tell('failed');
      throw error instanceof ProbeFailure ? gateFailed(name, error, clock.elapsed() - begun, probes) : error;
    }
  }

  let reached: Endpoint | undefined;
  await probe('process', async () => {
    reached = await input.endpoint();
    return undefined;
  });
  const endpoint = reached;
  if (!endpoint) throw new Error('the process probe passed without an endpoint');
  const target: Target = {origin: endpoint.origin, token: endpoint.token, model: input.model};
  await probe('ready', async (signal) => {
    await untilReady(input, `${endpoint.origin}${input.healthPath}`, left(input.deadline), signal);
    return undefined;
  });
  await probe('model', async (signal) => {
    await within(left(MODELS_LIMIT), signal, (any) => askModels(target, any));
    return undefined;
  });
  let completion: Completion | undefined;
  await probe('completion', async (signal) => {
    completion = await within(left(COMPLETION_LIMIT), signal, (any) =>
      askCompletion(target, {prompt: PROMPT, maxTokens: ANSWER_TOKENS, clock, signal: any}),
    );
    const {firstTokenMs, promptTokens, completionTokens} = completion;
    await within(left(COUNTED_WITHIN), signal, (any) => untilCounted(input, target, any));
    return {firstTokenMs, promptTokens, completionTokens};
  });
  const proven = completion;
  if (!proven) throw new Error('the completion probe passed without a completion');
  await probe('warm-up', async (signal) => {
    const {promptTokens, limitedBy} = await warmUp({
      target,
      probe: proven,
      contextTokens: input.contextTokens,
      limit: left(input.warmUpLimit ?? WARM_UP_LIMIT),
      clock,
      signal,
    });
    return {promptTokens, limitedBy};
  });
  return {durationMs: clock.elapsed() - started, firstTokenMs: proven.firstTokenMs, probes};
}

async function untilReady(
  input: GateInput,
  url: string,
  deadline: Duration,
  signal: AbortSignal,
): Promise<void> {
  const {clock} = input;
  const started = clock.elapsed();
  for (;;) {
    const left = deadline - (clock.elapsed() - started);
    if (left <= 0) {
      throw new ProbeFailure({
        why: (t) => t.health.stillLoading({waited: formatDuration(deadline)}),
        try: ['berth logs', 'berth capacity'],
      });
    }
    const progress = await readiness(url, ms(Math.min(left, READINESS_LIMIT)), signal);
    if (progress === 'ready') return;
    if (progress !== undefined) {
      input.progress({
        id: 'gate/ready',
        parent: 'gate',
        status: 'running',
        say: (t) => t.health.probe.ready,
        current: Math.round(progress * 100),
        total: 100,
        unit: 'steps',
      });
    }
    await clock.sleep(ASK_EVERY, signal);
  }
}

/** `ready`, how far loading is, or undefined when that is not known (nothing listens yet, or it is silent). */
async function readiness(
  url: string,
  limit: Duration,
  signal: AbortSignal,
): Promise<'ready' | number | undefined> {
  try {
    const answer = await within(limit, signal, (any) => askReadiness(url, any));
    return answer.state === 'ready' ? 'ready' : answer.progress;
  } catch (error) {
    // Before it listens nothing answers, and an engine that loads may answer late: only the deadline decides.
    if (error instanceof ProbeFailure && (error.unreachable || error.cause !== undefined)) return undefined;
    throw error;
  }
}

/** Returns once the engine's own counter shows that tokens were generated: a candidate has answered nobody else. */
async function untilCounted(input: GateInput, target: Target, signal: AbortSignal): Promise<void> {
  const deadline = input.clock.elapsed() + COUNTED_WITHIN * 0.9;
  while (!readMetrics(input.metrics, await askMetrics(target, signal)).generationTokens) {
    if (input.clock.elapsed() > deadline) {
      const name = input.metrics.generationTokens ?? '';
      throw new ProbeFailure({why: (t) => t.health.engineCountsNothing({name}), try: ['berth logs']});
    }
    await input.clock.sleep(ASK_EVERY, signal);
  }
}

/** Does the work while the candidate runs; throws at once when it ends. */
async function whileAlive<T>(input: GateInput, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([input.signal, stop.signal]);
  const watch = async (): Promise<never> => {
    for (;;) {
      await throwIfEnded(input);
      await input.clock.sleep(ASK_EVERY, signal);
    }
  };
  try {
    await throwIfEnded(input);
    return await Promise.race([work(signal), watch()]);
  } catch (error) {
    input.signal.throwIfAborted();
    // A candidate that ended at once has no endpoint to ask for: that it ended, and why, says more.
    if (!(error instanceof ProbeFailure)) await throwIfEnded(input);
    const deadline = input.clock.elapsed() + EXIT_SEEN_WITHIN;
    while (error instanceof ProbeFailure && error.unreachable && input.clock.elapsed() < deadline) {
      await throwIfEnded(input);
      await input.clock.sleep(ASK_EVERY, input.signal);
    }
    throw error;
  } finally {
    stop.abort();
  }
}

async function throwIfEnded(input: GateInput): Promise<void> {
  const program = await input.state();
  switch (program.state) {
    case 'running':
      return;
    case 'waiting':
    case 'failed':
      throw exitFailure(program.lastExit, input.explain(program.lastExit.lastLines));
  }
}

/** Why a program ended: the cause that its engine knows, else how it ended. */
export function exitFailure(exit: ProgramExit, cause: KnownCause | undefined): ProbeFailure {
  const how = exit.signal ?? `exit ${String(exit.code)}`;
  return new ProbeFailure({
    why: (t) => (cause ? t.health.endedBecause({how, cause: cause.why(t)}) : t.health.ended({how})),
    try: cause?.try ?? [],
    lastLines: exit.lastLines,
    knownCause: cause,
  });
}

function gateFailed(
  name: GateProbeName,
  failure: ProbeFailure,
  durationMs: number,
  passed: readonly GateProbe[],
): BerthError {
  const {knownCause} = failure;
  return new BerthError({
    code: 'gate_failed',
    what: (t) => t.health.gateFailed({probe: t.health.probe[name]}),
    why: failure.why,
    try: failure.try.length > 0 ? failure.try : ['berth logs'],
    exit: knownCause?.code === OUT_OF_MEMORY ? ExitCode.doesNotFit : ExitCode.unhealthy,
    details: {
      ...{probe: name, durationMs, passed},
      ...(knownCause && {knownCause: knownCause.code, knownBy: knownCause.line, ...knownCause.shortage}),
    },
    lastLines: failure.lastLines,
    cause: failure.cause,
  });
}
