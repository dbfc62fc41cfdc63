import type {SchedulerCounts} from './slots/scheduler.ts';

export interface MetricFacts {
  counts: SchedulerCounts;
  slots: number;
  contextTokens: number;
  /** Requests by how they ended. */
  ends: Readonly<Record<string, number>>;
}

type Sample = readonly [labels: string, value: number];

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `berth_engine_${name}${labels} ${value}`);
  return `# HELP berth_engine_${name} ${help}\n# TYPE berth_engine_${name} ${type}\n${lines.join('\n')}\n`;
}

const single = (name: string, type: 'gauge' | 'counter', help: string, value: number): string =>
  metric(name, type, help, [['', value]]);

/** The engine's numbers in Prometheus' text form. Counters count since the engine started. */
export function metricsText({counts, slots, contextTokens, ends}: MetricFacts): string {
  const capacity = slots * contextTokens;
  return [
    single('requests_running', 'gauge', 'Requests being answered.', counts.running),
    single('requests_waiting', 'gauge', 'Requests that wait for a slot.', counts.waiting),
    single('slots', 'gauge', 'Requests that can be answered at the same time.', slots),
    single('slots_busy', 'gauge', 'Slots that answer a request.', counts.running),
    single(
      'kv_used_tokens',
      'gauge',
      'Tokens held in the KV cache, kept prefixes included.',
      counts.heldTokens,
    ),
    single('kv_capacity_tokens', 'gauge', 'Tokens that the KV cache can hold.', capacity),
    single(
      'prompt_tokens_total',
      'counter',
      'Prompt tokens of requests that got a slot.',
      counts.promptTokens,
    ),
    single('cached_tokens_total', 'counter', 'Prompt tokens that needed no reading.', counts.cachedTokens),
    single('generation_tokens_total', 'counter', 'Tokens generated.', counts.generatedTokens),
    single('steps_total', 'counter', 'Batches evaluated.', counts.steps),
    metric(
      'requests_total',
      'counter',
      'Requests that ended, by how.',
      Object.entries(ends).map(([end, count]) => [`{end="${end}"}`, count]),
    ),
  ].join('');
}
