import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {Secret} from '../../../src/base/secret.ts';
import {bytes, gib, mib, ms} from '../../../src/base/units.ts';
import type {DeploymentView} from '../../../src/capacity/index.ts';
import {openCpuDevice} from '../../../src/card/index.ts';
import {
  checkHealth,
  healthJson,
  healthSchema,
  type CheckInput,
  type HealthJson,
} from '../../../src/health/index.ts';
import type {GatewayStats, Observed, ProgramState} from '../../../src/hosts/index.ts';
import {fakeEngine, json, type Behaviour, type FakeEngine} from './fake-engine.ts';

const since = new Date();
const program: ProgramState = {state: 'running', pid: process.pid, since, restarts: 0};
const crashed: ProgramState = {
  state: 'failed',
  restarts: 3,
  lastExit: {code: 1, signal: null, at: since, lastLines: ['boom']},
};

const running = (engine: ProgramState = program): Observed => ({
  state: 'running',
  since,
  // This very process stands for the engine, so that its memory can be seen.
  gateway: {url: 'unused', program, pids: []},
  engines: [{name: 'engine-1', release: 1, model: 'fake', program: engine, pids: [process.pid]}],
  committedRelease: 1,
});

const HOLD = `globalThis.kept = Buffer.alloc(Number(process.argv[1]), 1); console.log('ready'); setInterval(() => {}, 1e6)`;

/** A process that holds so much memory. */
async function hold(size: number): Promise<{pid: number} & AsyncDisposable> {
  const child = spawn(process.execPath, ['-e', HOLD, String(size)], {stdio: ['ignore', 'pipe', 'inherit']});
  await once(child.stdout, 'data');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {pid: child.pid ?? 0, [Symbol.asyncDispose]: end};
}

const held = (engine: number[], gateway: number[], candidate: number[] = []): Observed => ({
  state: 'running',
  since,
  gateway: {url: 'unused', program, pids: gateway},
  engines: [
    {name: 'engine-1', release: 1, model: 'fake', program, pids: engine},
    {name: 'engine-2', release: 2, model: 'fake', program, pids: candidate},
  ],
  committedRelease: 1,
});

const statsOf = (engine: FakeEngine): GatewayStats => ({
  sinceMs: 1,
  release: 1,
  running: 0,
  queued: 0,
  held: 0,
  requests: {ok: 0, clientError: 0, serverError: 0, cancelled: 0},
  promptTokens: 0,
  completionTokens: 0,
  longestHoldMs: 0,
  tokensSeen: engine.tokensSeen,
  latency: {ttft: {count: 0}, tpot: {count: 0}, e2e: {count: 0}},
});

interface Case {
  behaviour?: Behaviour;
  observed?: Observed;
  budgetBytes?: number;
  stats?: (engine: FakeEngine) => GatewayStats | undefined;
  limits?: CheckInput['limits'];
}

async function check({behaviour, observed, budgetBytes, stats, limits}: Case): Promise<HealthJson> {
  await using engine = await fakeEngine(behaviour);
  const view: DeploymentView = {
    name: 'default',
    host: 'local',
    observed: observed ?? running(),
    release: {
      number: 1,
      model: 'fake',
      variant: 'F16',
      engine: 'embedded',
      device: 'cpu',
      standIn: true,
      contextTokens: 1024,
      budgetBytes: bytes(budgetBytes ?? gib(8)),
      predictedPeakBytes: mib(1),
    },
    stats: () => Promise.resolve((stats ?? statsOf)(engine)),
  };
  const report = await checkHealth({
    view,
    url: engine.origin,
    key: new Secret('k'),
    device: openCpuDevice({clock: systemClock}),
    explain: () => undefined,
    clock: systemClock,
    signal: new AbortController().signal,
    ...(limits && {limits}),
  });
  return healthSchema.parse(JSON.parse(JSON.stringify(healthJson(report))));
}

const states = ({probes}: HealthJson): string => probes.map(({name, state}) => `${name}:${state}`).join(' ');

describe('berth health', () => {
  it('is healthy when every probe passes, and says how fast', async () => {
    const report = await check({});
    expect(states(report)).toBe(
      'process:pass port:pass model:pass completion:pass token-counter:pass memory:pass',
    );
    expect(report.state).toBe('healthy');
    expect(report.probes[3]?.firstTokenMs).toBeGreaterThan(0);
    expect(report.probes[3]?.completionTokens).toBe(2);
    expect(report.probes[5]?.usedBytes).toBeGreaterThan(mib(20));
  });

  it.each<[string, Observed, string]>([
    ['nothing was deployed', {state: 'absent'}, 'berth deploy'],
    ['it was stopped', {state: 'stopped', committedRelease: 1}, 'berth start'],
    ['its programs are gone', {state: 'dead', committedRelease: 1}, 'berth start'],
    ['its engine crashed', running(crashed), 'berth logs'],
    ['it has no engine', {...running(), engines: []} as Observed, 'berth deploy'],
  ])('skips what depends on programs when %s', async (_, observed, fix) => {
    const report = await check({observed});
    expect(states(report)).toBe(
      'process:fail port:skipped model:skipped completion:skipped token-counter:skipped memory:skipped',
    );
    expect(report.state).toBe('unhealthy');
    expect(report.probes[0]?.try?.[0]).toBe(fix);
    expect(report.probes[1]?.why).toContain('the programs run');
  });

  it('shows the last lines of an engine that crashed', async () => {
    expect((await check({observed: running(crashed)})).probes[0]?.lastLines).toEqual(['boom']);
  });

  it.each<[string, Behaviour, string]>([
    [
      'the gateway has no engine',
      {health: (r) => json(r, 503, {})},
      'process:pass port:fail model:skipped completion:skipped token-counter:skipped memory:pass',
    ],
    [
      'the model is not listed',
      {models: (r) => json(r, 200, {data: []})},
      'process:pass port:pass model:fail completion:skipped token-counter:skipped memory:pass',
    ],
    [
      'the key is refused',
      {models: (r) => json(r, 401, {error: {message: 'bad key'}})},
      'process:pass port:pass model:fail completion:skipped token-counter:skipped memory:pass',
    ],
    [
      'answers are empty',
      {completion: (r) => void r.writeHead(200, {'content-type': 'text/event-stream'}).end()},
      'process:pass port:pass model:pass completion:fail token-counter:skipped memory:pass',
    ],
  ])('is unhealthy when %s', async (_, behaviour, expected) => {
    const report = await check({behaviour});
    expect(states(report)).toBe(expected);
    expect(report.state).toBe('unhealthy');
    for (const probe of report.probes.filter(({state}) => state === 'fail')) {
      expect(probe.why).toBeTruthy();
      expect(probe.try?.length).toBeGreaterThan(0);
    }
  });

  it('is degraded when it uses more than its budget', async () => {
    const report = await check({budgetBytes: mib(1)});
    expect(report.state).toBe('degraded');
    expect(report.probes[5]).toMatchObject({
      state: 'fail',
      try: ['berth capacity', 'berth deploy --context 4096'],
    });
  });

  it("is degraded when Berth's own programs use more than they may", async () => {
    await using engine = await hold(mib(1));
    await using gateway = await hold(mib(360));
    const report = await check({observed: held([engine.pid], [gateway.pid])});
    expect(report.state).toBe('degraded');
    expect(report.probes[5]).toMatchObject({state: 'fail', try: ['berth capacity', 'berth logs gateway']});
    expect(report.probes[5]?.why).toContain('may use 320 MiB');
  });

  it('holds neither gateway nor the engine of an update under way against the budget of what serves', async () => {
    await using engine = await hold(mib(1));
    await using gateway = await hold(mib(60));
    await using candidate = await hold(mib(300));
    const observed = held([engine.pid], [gateway.pid], [candidate.pid]);
    const report = await check({observed, budgetBytes: mib(100)});
    expect(report.state).toBe('healthy');
    expect(report.probes[5]?.usedBytes).toBeLessThan(mib(60));
    expect(report.probes[5]?.programsUsedBytes).toBeGreaterThan(mib(60));
  });

  it('is degraded when tokens are not counted', async () => {
    const stats = (engine: FakeEngine): GatewayStats => ({...statsOf(engine), tokensSeen: 7});
    const report = await check({stats, limits: {'token-counter': ms(200)}});
    expect(report.state).toBe('degraded');
    expect(report.probes[4]?.why).toContain('stands still at 7');
  });

  it('is degraded, not unhealthy, when there is no room but others are served', async () => {
    let tokens = 0;
    const report = await check({
      behaviour: {completion: (r) => json(r, 429, {error: {message: 'queue full'}})},
      stats: (engine) => ({...statsOf(engine), running: 4, tokensSeen: tokens++}),
    });
    expect(states(report)).toContain('completion:fail token-counter:pass');
    expect(report.state).toBe('degraded');
  });

  it('never hangs', async () => {
    const report = await check({behaviour: {completion: () => undefined}, limits: {completion: ms(300)}});
    expect(report.state).toBe('unhealthy');
    expect(report.probes[3]?.why).toContain('300 ms');
  });
});
