import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {startFakeEngine, type FakeEngine} from '../fakes/engine/start.ts';
import {startGateway, testConfig, upstreamOf, type RunningGateway} from '../integration/gateway/rig.ts';
import {quantile, type Bench, type Figure} from './harness.ts';
import type {Load, LoadResult} from './gateway-load.ts';

/** Seconds of each measurement, and how often direct and gateway take turns. */
const SECONDS = 5;
const TURNS = 3;
const REQUESTS = Number(process.env.BERTH_BENCH_REQUESTS ?? 100_000);

interface Scenario {
  streams: number;
  eventsPerSecond: number;
}

async function load(options: Load, signal: AbortSignal): Promise<LoadResult> {
  const program = join(import.meta.dirname, 'gateway-load.ts');
  const {stdout} = await promisify(execFile)(process.execPath, [program, JSON.stringify(options)], {signal});
  const result = JSON.parse(stdout) as LoadResult;
  if (result.failures > 0) throw new Error(`${result.failures} of the bench's requests failed`);
  return result;
}

/** CPU seconds and bytes of the gateway, as it tells itself. */
async function usage(gateway: RunningGateway): Promise<{cpuSeconds: number; rssBytes: number}> {
  const response = await fetch(`${gateway.url}/metrics`, {headers: {authorization: `Bearer ${gateway.key}`}});
  const text = await response.text();
  const read = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  return {cpuSeconds: read('process_cpu_seconds_total'), rssBytes: read('process_resident_memory_bytes')};
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Direct and through the gateway in turns, so that whatever else the machine does falls on both. */
async function streams(
  engine: FakeEngine,
  gateway: RunningGateway,
  {streams: count, eventsPerSecond}: Scenario,
  signal: AbortSignal,
): Promise<Figure[]> {
  const everyMs = Math.round((1000 * count) / eventsPerSecond);
  const shape = {
    streams: count,
    requestsPerStream: 1,
    everyMs,
    tokens: Math.round((SECONDS * 1000) / everyMs),
  };
  const added = {p50: [] as number[], p99: [] as number[], cpu: [] as number[]};
  const rates: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const direct = await load({...shape, origin: engine.origin, token: engine.token}, signal);
    const before = await usage(gateway);
    const through = await load({...shape, origin: gateway.url, token: gateway.key}, signal);
    const after = await usage(gateway);
    added.p50.push(through.p50Ms - direct.p50Ms);
    added.p99.push(through.p99Ms - direct.p99Ms);
    added.cpu.push(((after.cpuSeconds - before.cpuSeconds) / through.events) * 1e6);
    rates.push((through.events / through.wallMs) * 1000);
  }
  const conditions =
    `${count} streams, ${Math.round(median(rates))} events/s reached (an event every ${everyMs} ms a stream), ` +
    `median of ${TURNS} turns of ${SECONDS} s, against the same client talking to the engine directly`;
  const wide = count > 64;
  return [
    {
      name: `added delay p50, ${count} streams`,
      value: median(added.p50),
      unit: 'ms',
      goal: {atMost: wide ? 10 : 0.5},
      conditions,
    },
    {
      name: `added delay p99, ${count} streams`,
      value: median(added.p99),
      unit: 'ms',
      goal: {atMost: wide ? 10 : 2},
      conditions,
    },
    {
      name: `CPU an event, ${count} streams`,
      value: median(added.cpu),
      unit: 'us',
      goal: {atMost: 35},
      conditions,
    },
  ];
}

/** Many short requests: what each of them leaves behind would show. */
async function memory(gateway: RunningGateway, signal: AbortSignal): Promise<Figure[]> {
  const connections = 32;
  const shape = {streams: connections, everyMs: 0, tokens: 2, origin: gateway.url, token: gateway.key};
  const part = (share: number): Promise<LoadResult> =>
    load({...shape, requestsPerStream: Math.round((REQUESTS * share) / connections)}, signal);
  await part(0.2);
  const early = await usage(gateway);
  const {wallMs} = await part(0.8);
  const late = await usage(gateway);
  const conditions =
    `${REQUESTS} streamed requests over ${connections} connections, ` +
    `${Math.round((REQUESTS * 0.8 * 1000) / wallMs)} requests/s, growth from the first fifth to the end`;
  return [
    {name: 'memory (RSS)', value: late.rssBytes / 1e6, unit: 'MB', goal: {atMost: 150}, conditions},
    {
      name: 'memory growth',
      value: (late.rssBytes - early.rssBytes) / 1e6,
      unit: 'MB',
      goal: {atMost: 10},
      conditions,
    },
  ];
}

const bench: Bench = {
  name: 'gateway',
  async run(signal) {
    await using engine = await startFakeEngine();
    await using gateway = await startGateway(testConfig({limits: {concurrency: 512}}));
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
    // Compiled code is what runs after the first seconds of a deployment, so it is what is measured.
    await load(
      {origin: gateway.url, token: gateway.key, streams: 64, requestsPerStream: 20, tokens: 50, everyMs: 1},
      signal,
    );
    return [
      ...(await streams(engine, gateway, {streams: 64, eventsPerSecond: 4000}, signal)),
      ...(await streams(engine, gateway, {streams: 256, eventsPerSecond: 10_000}, signal)),
      ...(await memory(gateway, signal)),
    ];
  },
};

export default bench;
