import type {Clock} from '../base/clock.ts';
import type {Secret} from '../base/secret.ts';
import {formatBytes, ms, seconds, type Duration} from '../base/units.ts';
import {heldTogether, ownProcesses, programsAllowance, type DeploymentView} from '../capacity/index.ts';
import type {Device} from '../card/index.ts';
import type {KnownCause} from '../engines/index.ts';
import type {GatewayStats, Observed} from '../hosts/index.ts';
import {askCompletion, askModels, askReadiness, type Target} from './ask.ts';
import {ProbeFailure, within} from './failure.ts';
import {ANSWER_TOKENS, PROMPT} from './gate.ts';
import {checkPrograms} from './programs.ts';
import {
  overall,
  type HealthProbe,
  type HealthProbeName,
  type HealthReport,
  type ProbeFacts,
} from './report.ts';

const LIMITS: Record<HealthProbeName, Duration> = {
  process: seconds(5),
  port: seconds(5),
  model: seconds(10),
  completion: seconds(60),
  'token-counter': seconds(5),
  memory: seconds(10),
};
const SAMPLE_EVERY = ms(50);

export interface CheckInput {
  view: DeploymentView;
  /** The gateway's address, `http://127.0.0.1:8080`. */
  url: string | undefined;
  /** This client's key; undefined when it has none. */
  key: Secret | undefined;
  device: Device;
  explain(lastLines: readonly string[]): KnownCause | undefined;
  clock: Clock;
  signal: AbortSignal;
  /** Shorter or longer limits than the usual ones. */
  limits?: Partial<Record<HealthProbeName, Duration>>;
}

type Probe = (signal: AbortSignal) => Promise<ProbeFacts | undefined>;

/**
 * Probes a deployment the way its clients use it. Each probe has its own limit, so the whole never hangs; a
 * probe whose ground is missing is skipped, because its failure would say nothing new.
 */
export async function checkHealth(input: CheckInput): Promise<HealthReport> {
  const {view, url, clock} = input;
  const release = view.release;
  const target: Target | undefined =
    url === undefined || !release ? undefined : {origin: url, token: input.key, model: release.model};
  const probes: HealthProbe[] = [];
  const failed = new Set<HealthProbeName>();

  async function run(name: HealthProbeName, needs: readonly HealthProbeName[], probe: Probe): Promise<void> {
    const missing = needs.find((need) => failed.has(need));
    if (missing) {
      failed.add(name);
      probes.push({
        name,
        state: 'skipped',
        durationMs: 0,
        why: (t) => t.health.needs({probe: t.health.probe[missing]}),
      });
      return;
    }
    const started = clock.elapsed();
    const done = (): number => clock.elapsed() - started;
    try {
      const facts = await within(input.limits?.[name] ?? LIMITS[name], input.signal, probe);
      probes.push({name, state: 'pass', durationMs: done(), ...(facts && {facts})});
    } catch (error) {
      if (!(error instanceof ProbeFailure)) throw error;
      failed.add(name);
      probes.push({name, durationMs: done(), ...told(name, error)});
    }
  }

  await run('process', [], () => {
    checkPrograms(view, (lines) => input.explain(lines));
    return Promise.resolve(undefined);
  });
  await run('port', ['process'], async (signal) => {
    const readiness = await askReadiness(`${url ?? ''}/health`, signal);
    if (readiness.state === 'loading')
      throw new ProbeFailure({why: (t) => t.health.gatewayNotReady, try: ['berth logs']});
    return undefined;
  });
  await run('model', ['port'], async (signal) => {
    if (target) await askModels(target, signal);
    return undefined;
  });
  const counter = new TokenCounter(view, clock);
  await run('completion', ['model'], async (signal) => {
    if (!target) return undefined;
    const answer = await counter.watchWhile(() =>
      askCompletion(target, {prompt: PROMPT, maxTokens: ANSWER_TOKENS, clock, signal}),
    );
    return {firstTokenMs: answer.firstTokenMs, completionTokens: answer.completionTokens};
  });
  // A gateway without room proves itself by the requests of others.
  const full = probes.some(
    (one) => one.name === 'completion' && one.state === 'fail' && one.severity === 'degraded',
  );
  await run('token-counter', [full ? 'port' : 'completion'], (signal) => counter.prove(signal));
  await run('memory', ['process'], () => checkMemory(view, input.device));
  return {at: clock.now(), deployment: view.name, state: overall(probes), probes};
}

type Failed = Omit<Extract<HealthProbe, {state: 'fail'}>, 'name' | 'durationMs'>;

function told(name: HealthProbeName, failure: ProbeFailure): Failed {
  const answersStill = name === 'token-counter' || name === 'memory' || failure.busy;
  return {
    state: 'fail',
    why: failure.why,
    try: failure.try.length > 0 ? failure.try : ['berth logs', 'berth doctor'],
    lastLines: failure.lastLines,
    severity: answersStill ? 'degraded' : 'unhealthy',
  };
}

/** Proves that tokens are counted while requests run: the gateway's own sign of life. */
class TokenCounter {
  readonly #view: DeploymentView;
  readonly #clock: Clock;
  #before: GatewayStats | undefined;

  constructor(view: DeploymentView, clock: Clock) {
    this.#view = view;
    this.#clock = clock;
  }

  /** Remembers the counter, then does work that should move it. */
  async watchWhile<T>(work: () => Promise<T>): Promise<T> {
    this.#before = await this.#view.stats();
    return work();
  }

  /** Passes when the counter has moved since, or moves now while other requests run. */
  async prove(signal: AbortSignal): Promise<undefined> {
    const before = this.#before ?? (await this.#view.stats());
    if (!before) throw new ProbeFailure({why: (t) => t.health.noStats});
    try {
      for (;;) {
        const now = await this.#view.stats();
        if (now && now.tokensSeen > before.tokensSeen) return undefined;
        await this.#clock.sleep(SAMPLE_EVERY, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new ProbeFailure({
        why: (t) => t.health.counterStill({tokens: before.tokensSeen}),
        try: ['berth logs', 'berth status'],
        cause: error,
      });
    }
  }
}

async function checkMemory(view: DeploymentView, device: Device): Promise<ProbeFacts | undefined> {
  const [{kind}, reading] = await Promise.all([device.facts(), device.read()]);
  const {model, programs} = ownProcesses(committedOnly(view.observed), reading);
  if (!view.release || model.length === 0) {
    throw new ProbeFailure({why: (t) => t.health.processesUnseen, try: ['berth doctor']});
  }
  const {budgetBytes} = view.release;
  const usedBytes = heldTogether(model);
  if (usedBytes > budgetBytes) {
    throw new ProbeFailure({
      why: (t) => t.health.overBudget({used: formatBytes(usedBytes), budget: formatBytes(budgetBytes)}),
      try: ['berth capacity', 'berth deploy --context 4096'],
    });
  }
  const [programsUsedBytes, programsAllowanceBytes] = [heldTogether(programs), programsAllowance(kind)];
  if (programsUsedBytes > programsAllowanceBytes) {
    const sizes = {used: formatBytes(programsUsedBytes), allowance: formatBytes(programsAllowanceBytes)};
    throw new ProbeFailure({
      why: (t) => t.health.programsOverAllowance(sizes),
      try: ['berth capacity', 'berth logs gateway'],
    });
  }
  return {usedBytes, budgetBytes, programsUsedBytes, programsAllowanceBytes};
}

/** Without the other engine of an update under way, which has a budget of its own. */
function committedOnly(observed: Observed): Observed {
  if (observed.state !== 'running') return observed;
  const {engines, committedRelease} = observed;
  return {...observed, engines: engines.filter(({release}) => release === committedRelease)};
}
