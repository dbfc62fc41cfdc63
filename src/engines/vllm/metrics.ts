import type {MetricsMap} from '../metrics.ts';

export const vllmMetrics: MetricsMap = {
  requestsRunning: 'vllm:num_requests_running',
  requestsWaiting: 'vllm:num_requests_waiting',
  promptTokens: 'vllm:prompt_tokens_total',
  generationTokens: 'vllm:generation_tokens_total',
  kvUsedRatio: 'vllm:kv_cache_usage_perc',
};
