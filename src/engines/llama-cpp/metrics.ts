import type {MetricsMap} from '../metrics.ts';

/** llama-server tells no share of its KV cache, and no latencies: those the gateway measures. */
export const llamaCppMetrics: MetricsMap = {
  requestsRunning: 'llamacpp:requests_processing',
  requestsWaiting: 'llamacpp:requests_deferred',
  promptTokens: 'llamacpp:prompt_tokens_total',
  generationTokens: 'llamacpp:tokens_predicted_total',
};
