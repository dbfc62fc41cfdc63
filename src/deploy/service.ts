import {step} from '../base/progress.ts';
import {formatBytes, ms, seconds, type Bytes, type Duration} from '../base/units.ts';
import {waitFor} from '../base/wait.ts';
import {gate, type GateReport} from '../health/index.ts';
import type {EngineSpec, GatewaySpec, ObservedEngine, Transition} from '../hosts/index.ts';
import {heldTogether} from '../capacity/index.ts';
import type {Reading} from '../card/index.ts';
import type {Commit} from './start/failed.ts';
import type {DeployParts, Site} from './parts.ts';
import type {Engine} from '../engines/index.ts';
import type {Ladder} from './plan.ts';
import {shouldStartAgain} from './start/again.ts';
import {untilQuiet, type QuietRule} from './start/quiet.ts';

/** A candidate must answer within this time, loading included. */
const GATE_DEADLINE: Duration = seconds(300);
/** Held requests wait as long as a candidate may take, and for the old engine to come back after that. */
const HOLD_LIMIT: Duration = seconds(420);
/** Between SIGTERM and SIGKILL. */
const GRACE: Duration = seconds(5);
const MEMORY_BACK_DEADLINE: Duration = seconds(30);

export interface ServiceInput {
  site: Site;
  engine: Engine;
  ladder: Ladder;
  spec: EngineSpec;
  /** Tokens one request may use: what the warm-up fills. */
  contextTokens: number;
  gateway: GatewaySpec;
  /** What streaming answers are given to end. */
  drain: Duration;
  owner: string;
  signal: AbortSignal;
  /** When the card counts as quiet, other than usual. */
  quiet?: QuietRule;
  /** Told how far the commit is: what comes of a failure depends on it. */
  onCommit?: (commit: Exclude<Commit, 'not-asked'>) => void;
}

export interface ServiceReport {
  /** From the gate's request to its first token. */
  firstTokenMs: number;
  /** The longest that a request waited at the gateway; undefined when nothing was held. */
  longestHoldMs: number | undefined;
}

/**
 * Puts one release into service: candidate up, gate, switch, old one away. Until `commit`, whatever
 * happens (an error here, a lost connection, kill -9), the host itself goes back to what it was committed to.
 */
export async function putIntoService(parts: DeployParts, input: ServiceInput): Promise<ServiceReport> {
  const {site, ladder, spec, signal} = input;
  const old = servingEngine(site);
  await using transition = await site.runtime.begin(site.name, input.gateway, input.owner, signal);
  if (ladder === 'swap' && old) await makeRoom(parts, transition, old, input);
  const {candidate, report} = await startAndProve(parts, transition, input);
  signal.throwIfAborted();
  await step(
    parts.progress,
    {id: 'switch', say: (t) => t.deploy.stepSwitch({release: spec.release})},
    async () => {
      await transition.route(candidate.name);
      input.onCommit?.('asked');
      await transition.commit(candidate.name);
      input.onCommit?.('done');
    },
  );
  if (ladder === 'side-by-side' && old) {
    await drain(parts, transition, old, input.drain);
    await transition.stopEngine(old.name, GRACE);
  }
  const reply = await transition.order({order: 'stats'});
  const longest = reply.reply === 'stats' ? reply.stats.longestHoldMs : undefined;
  return {firstTokenMs: report.firstTokenMs, longestHoldMs: ladder === 'swap' ? longest : undefined};
}

/** Candidate up and through the gate; once more when only a neighbour's memory was in the way. */
async function startAndProve(
  parts: DeployParts,
  transition: Transition,
  input: ServiceInput,
): Promise<{candidate: {name: string}; report: GateReport}> {
  const {spec, signal} = input;
  for (let starts = 1; ; starts++) {
    const candidate = await step(
      parts.progress,
      {id: 'start', say: (t) => t.deploy.stepStart({release: spec.release, model: spec.model})},
      () => transition.startEngine(spec),
    );
    try {
      return {candidate, report: await passGate(parts, transition, candidate.name, input)};
    } catch (error) {
      if (!shouldStartAgain(error, starts)) throw error;
      await transition.stopEngine(candidate.name, GRACE);
      await step(parts.progress, {id: 'quiet', say: (t) => t.deploy.stepQuiet()}, () =>
        untilQuiet(parts, signal, input.quiet),
      );
    }
  }
}

/** The engine that answers now, if one does. */
export function servingEngine({observed}: Site): ObservedEngine | undefined {
  if (observed.state !== 'running') return undefined;
  return observed.engines.find(
    (engine) => engine.release === observed.committedRelease && engine.program.state === 'running',
  );
}

/** First rung of a swap: hold new requests, let running ones end, stop the old, wait for its memory. */
async function makeRoom(
  parts: DeployParts,
  transition: Transition,
  old: ObservedEngine,
  {spec, drain: patience, signal}: ServiceInput,
): Promise<void> {
  await transition.order({order: 'hold', limitMs: HOLD_LIMIT});
  await drain(parts, transition, old, patience);
  await step(
    parts.progress,
    {id: 'stop-old', say: (t) => t.deploy.stepStopOld({release: old.release})},
    async () => {
      await transition.stopEngine(old.name, GRACE);
      let freeBytes = 0;
      await waitFor(
        async () => {
          ({freeBytes} = await parts.device.read());
          return freeBytes >= spec.predictedPeakBytes ? true : undefined;
        },
        {
          what: (t) => t.deploy.memoryBack({bytes: formatBytes(spec.predictedPeakBytes)}),
          deadline: MEMORY_BACK_DEADLINE,
          clock: parts.clock,
          signal,
          every: ms(100),
          evidence: () => [`free: ${formatBytes(freeBytes)}`],
        },
      );
    },
  );
}

async function drain(
  parts: DeployParts,
  transition: Transition,
  old: ObservedEngine,
  patience: Duration,
): Promise<void> {
  await step(
    parts.progress,
    {id: 'drain', say: (t) => t.deploy.stepDrain({release: old.release})},
    () => transition.order({order: 'drain', release: old.release, deadlineMs: patience}),
    (reply) => (t) => t.deploy.drained({cut: reply.reply === 'drained' ? reply.remaining : 0}),
  );
}

function passGate(
  parts: DeployParts,
  transition: Transition,
  name: string,
  {spec, engine, contextTokens, signal}: ServiceInput,
): Promise<GateReport> {
  return step(
    parts.progress,
    {id: 'gate', say: (t) => t.deploy.stepGate()},
    () =>
      gate({
        state: () => transition.engine(name),
        endpoint: () => transition.endpoint(name),
        model: spec.model,
        healthPath: spec.healthPath,
        explain: (lines) => engine.explain(lines),
        metrics: engine.metrics,
        clock: parts.clock,
        progress: parts.progress,
        signal,
        deadline: GATE_DEADLINE,
        contextTokens,
      }),
    (report) => (t) => t.deploy.gatePassed({firstTokenMs: report.firstTokenMs}),
  );
}

/** What an engine holds of the device now, over all its processes. */
export function heldBy(engine: ObservedEngine | undefined, reading: Reading): Bytes {
  return heldTogether(reading.processes.filter(({pid}) => engine?.pids.includes(pid)));
}
