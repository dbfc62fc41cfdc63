import {monitorEventLoopDelay} from 'node:perf_hooks';
import type {Clock} from '../../base/clock.ts';
import type {GatewayStats, GatewayWindow, Probed} from '../../hosts/index.ts';
import type {Line} from '../traffic/line.ts';
import type {StreamMeter} from '../traffic/stream-meter.ts';
import {BucketHistogram, DURATION_BOUNDS, TPOT_BOUNDS, TTFT_BOUNDS} from './histogram.ts';
import {exposition, type Family, type Sample} from './prometheus.ts';
import {SpanSketch} from './quantiles.ts';
import type {RequestRecord} from './record.ts';
import {Window} from './window.ts';

type Spans = 'ttft' | 'tpot' | 'e2e';

const BOUNDS: Record<Spans, readonly number[]> = {ttft: TTFT_BOUNDS, tpot: TPOT_BOUNDS, e2e: DURATION_BOUNDS};

/** What the watch said is told for so long after it. Milliseconds. */
const WATCHED_MS = 30_000;

/** What is measured of one model's requests of one kind. */
interface Series {
  operation: string;
  model: string;
  spans: Record<Spans, BucketHistogram>;
  promptTokens: number;
  completionTokens: number;
}

const OPERATIONS: Record<string, string> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'text_completion',
};

/** Counts everything that passes, for `stats`, `/metrics` and the page. */
export class Meter {
  readonly #clock: Clock;
  readonly #line: Line;
  readonly #started: number;
  readonly #sketches = {ttft: new SpanSketch(), tpot: new SpanSketch(), e2e: new SpanSketch()};
  readonly #requests = {ok: 0, clientError: 0, serverError: 0, cancelled: 0};
  readonly #series = new Map<string, Series>();
  readonly #answers = new Map<string, {route: string; status: number; count: number}>();
  readonly #rejected = new Map<string, number>();
  readonly #probes = {ok: 0, failed: 0, skipped: 0};
  readonly #loopDelay = monitorEventLoopDelay({resolution: 20});
  #promptTokens = 0;
  #completionTokens = 0;
  #tokensEnded = 0;
  readonly #streams = new Set<StreamMeter>();
  readonly #window: Window;
  #watched: {text: string; at: number} | undefined;

  constructor(clock: Clock, line: Line) {
    this.#clock = clock;
    this.#line = line;
    this.#started = clock.elapsed();
    this.#window = new Window(this.#started);
    this.#loopDelay.enable();
  }

  /** Completion tokens seen so far, also of requests still running: it only grows, and moves with every token. */
  get tokensSeen(): number {
    let running = 0;
    for (const stream of this.#streams) running += stream.contentChunks;
    return this.#tokensEnded + running;
  }

  /** Watches a stream, whose request came at `arrived`, until the returned function is called. */
  follow(stream: StreamMeter, arrived: number): () => void {
    this.#streams.add(stream);
    this.#window.follow(stream, arrived);
    return () => {
      this.#streams.delete(stream);
      this.#window.leave(stream);
      this.#tokensEnded += Math.max(stream.contentChunks, stream.usage?.completionTokens ?? 0);
    };
  }

  /** Counts a request that has ended. */
  count(record: RequestRecord): void {
    this.#requests[record.outcome]++;
    this.#promptTokens += record.promptTokens ?? 0;
    this.#completionTokens += record.completionTokens ?? 0;
    const whole = record.stream ? 0 : (record.completionTokens ?? 0);
    this.#tokensEnded += whole;
    this.#window.count(record.outcome, whole);
    const key = `${record.route} ${record.status}`;
    const answer = this.#answers.get(key) ?? {route: record.route, status: record.status, count: 0};
    answer.count++;
    this.#answers.set(key, answer);
    if (record.code !== undefined)
      this.#rejected.set(record.code, (this.#rejected.get(record.code) ?? 0) + 1);
    const operation = OPERATIONS[record.route];
    if (record.outcome === 'ok' && operation !== undefined) this.#measure(record, operation);
  }

  /** Counts a probe of the watch, which is no request of anybody's. */
  countProbe(outcome: Probed['outcome']): void {
    this.#probes[outcome]++;
  }

  get stats(): GatewayStats {
    return {
      sinceMs: this.#clock.elapsed() - this.#started,
      release: this.#line.holding ? undefined : this.#line.route?.upstream.release,
      ...this.#line.counts,
      requests: {...this.#requests},
      promptTokens: this.#promptTokens,
      completionTokens: this.#completionTokens,
      longestHoldMs: this.#line.longestHoldMs,
      tokensSeen: this.tokensSeen,
      latency: {
        ttft: this.#sketches.ttft.quantiles,
        tpot: this.#sketches.tpot.quantiles,
        e2e: this.#sketches.e2e.quantiles,
      },
    };
  }

  /** What happened since it was last called. */
  window(): GatewayWindow {
    return this.#window.take(this.#clock.elapsed(), this.#line.counts);
  }

  /** What the watch measures, to be told with the rest. */
  watched(text: string): void {
    this.#watched = {text, at: this.#clock.elapsed()};
  }

  get prometheus(): string {
    const own = exposition([...this.#generation(), ...this.#gateway(), ...this.#process()]);
    const watched = this.#watched;
    // What nobody measures any more is left out, so that a scraper sees that it is missing.
    const fresh = watched && this.#clock.elapsed() - watched.at < WATCHED_MS;
    return fresh ? own + watched.text : own;
  }

  #measure(record: RequestRecord, operation: string): void {
    const series = this.#seriesOf(operation, record.model ?? '');
    series.promptTokens += record.promptTokens ?? 0;
    series.completionTokens += record.completionTokens ?? 0;
    const add = (span: Spans, value: number | undefined): void => {
      if (value === undefined) return;
      series.spans[span].add(value / 1000);
      this.#sketches[span].add(value);
    };
    add('ttft', record.ttftMs);
    add('tpot', record.tpotMs);
    add('e2e', record.e2eMs);
  }

  #seriesOf(operation: string, model: string): Series {
    const key = `${operation} ${model}`;
    const known = this.#series.get(key);
    if (known) return known;
    const spans = {
      ttft: new BucketHistogram(BOUNDS.ttft),
      tpot: new BucketHistogram(BOUNDS.tpot),
      e2e: new BucketHistogram(BOUNDS.e2e),
    };
    const series = {operation, model, spans, promptTokens: 0, completionTokens: 0};
    this.#series.set(key, series);
    return series;
  }

  #generation(): Family[] {
    const all = [...this.#series.values()];
    const labels = (series: Series): Record<string, string> => ({
      gen_ai_operation_name: series.operation,
      gen_ai_response_model: series.model,
    });
    const spans = (name: string, span: Spans, help: string): Family => ({
      name,
      help,
      type: 'histogram',
      samples: all.map((series) => ({labels: labels(series), histogram: series.spans[span]})),
    });
    return [
      spans(
        'gen_ai_server_time_to_first_token_seconds',
        'ttft',
        'From arrival to the first generated text, waiting included.',
      ),
      spans(
        'gen_ai_server_time_per_output_token_seconds',
        'tpot',
        'Mean time of an output token after the first.',
      ),
      spans('gen_ai_server_request_duration_seconds', 'e2e', 'From arrival to the end of the answer.'),
      {
        name: 'gen_ai_usage_tokens_total',
        help: 'Tokens of requests that ended well, as the engine counted them.',
        type: 'counter',
        samples: all.flatMap((series) => [
          {labels: {...labels(series), gen_ai_token_type: 'input'}, value: series.promptTokens},
          {labels: {...labels(series), gen_ai_token_type: 'output'}, value: series.completionTokens},
        ]),
      },
    ];
  }

  #gateway(): Family[] {
    const {running, queued, held} = this.#line.counts;
    const upstream = this.#line.route?.upstream;
    return [
      gauge('berth_gateway_running', 'Requests being answered.', running),
      gauge('berth_gateway_queued', 'Requests waiting for a place at the engine.', queued),
      gauge('berth_gateway_held', 'Requests waiting for the next engine.', held),
      {
        ...gauge('berth_gateway_route_info', 'Where new requests go.', 1),
        samples: upstream ? [{labels: {release: upstream.release, model: upstream.model}, value: 1}] : [],
      },
      counter('berth_gateway_tokens_seen_total', 'Completion tokens so far, also of running requests.', [
        {value: this.tokensSeen},
      ]),
      counter(
        'berth_gateway_requests_total',
        'Requests that ended, by route and status (499: the client left first).',
        [...this.#answers.values()].map(({route, status, count}) => ({
          labels: {route, status},
          value: count,
        })),
      ),
      counter(
        'berth_gateway_rejected_total',
        'Requests that ended with an error, by its code.',
        [...this.#rejected].map(([reason, value]) => ({labels: {reason}, value})),
      ),
      counter(
        'berth_gateway_probes_total',
        'Questions of the watch while nobody asked; no other figure counts them.',
        Object.entries(this.#probes).map(([outcome, value]) => ({labels: {outcome}, value})),
      ),
    ];
  }

  #process(): Family[] {
    const {user, system} = process.cpuUsage();
    const lag = (percent: number): number => Math.max(0, this.#loopDelay.percentile(percent) / 1e9 - 0.02);
    return [
      counter('process_cpu_seconds_total', 'CPU time of the gateway.', [{value: (user + system) / 1e6}]),
      gauge('process_resident_memory_bytes', 'Memory of the gateway.', process.memoryUsage.rss()),
      {
        name: 'nodejs_eventloop_lag_seconds',
        help: 'How late the event loop is, since start.',
        type: 'gauge',
        samples: [50, 99].map((percent) => ({labels: {quantile: percent / 100}, value: lag(percent)})),
      },
    ];
  }
}

const gauge = (name: string, help: string, value: number): Family => ({
  name,
  help,
  type: 'gauge',
  samples: [{value}],
});

const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  help,
  type: 'counter',
  samples,
});
