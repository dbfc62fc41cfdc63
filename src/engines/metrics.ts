/** What Berth calls an engine's own numbers. Gauges are of now; `…Tokens` count since the engine started. */
export type EngineMetric =
  'requestsRunning' | 'requestsWaiting' | 'promptTokens' | 'generationTokens' | 'kvUsedRatio';

/** An engine's names, in Prometheus' text form, for Berth's; what it does not tell is not in it. */
export type MetricsMap = Readonly<Partial<Record<EngineMetric, string>>>;

export type EngineMetrics = Partial<Record<EngineMetric, number>>;

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? ([^ ]+)(?: -?\d+)?$/;

/** Reads an engine's metrics from Prometheus' text form; samples that differ in labels only are added up. */
export function readMetrics(map: MetricsMap, text: string): EngineMetrics {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = SAMPLE.exec(line.trimEnd()) ?? [];
    if (name === undefined || !Number.isFinite(Number(value))) continue;
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  const names = Object.entries(map) as [EngineMetric, string][];
  return Object.fromEntries(
    names.flatMap(([metric, name]) => {
      const sum = sums.get(name);
      return sum === undefined ? [] : [[metric, sum]];
    }),
  );
}
