export type Outcome = 'ok' | 'clientError' | 'serverError' | 'cancelled';

/** What is known of one request when it has ended. Spans in milliseconds. Never what it said. */
export interface RequestRecord {
  id: string;
  /** The route's own path, `/v1/chat/completions`; `other` for unknown ones. */
  route: string;
  /** HTTP status; 499 when the client left first. */
  status: number;
  outcome: Outcome;
  /** OpenAI error code, where one was answered or sent into the stream. */
  code: string | undefined;
  stream: boolean;
  release: number | undefined;
  model: string | undefined;
  /** Time spent waiting for a place or a route. */
  queuedMs: number;
  /** From arrival to the first generated text; undefined when not streamed. */
  ttftMs: number | undefined;
  /** Mean time a token after the first; undefined with fewer than two. */
  tpotMs: number | undefined;
  e2eMs: number;
  promptTokens: number | undefined;
  completionTokens: number | undefined;
}

/** One line of the access log, JSON. */
export const logLine = (record: RequestRecord, at: Date): string =>
  JSON.stringify({at: at.toISOString(), event: 'request', ...rounded(record)});

const rounded = (record: RequestRecord): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === 'number' && key.endsWith('Ms') ? Math.round(value * 1000) / 1000 : value,
    ]),
  );
