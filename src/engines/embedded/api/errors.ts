/** The body of every failure, as OpenAI shapes it. */
export interface ErrorBody {
  error: {message: string; type: string; param: string | null; code: string | null};
}

/** A request that ends with an error status. Thrown anywhere below the HTTP layer, answered by it. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    more: {type?: string; param?: string; code?: string; headers?: Record<string, string>} = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.type = more.type ?? (status < 500 ? 'invalid_request_error' : 'server_error');
    this.param = more.param ?? null;
    this.code = more.code ?? null;
    this.headers = more.headers ?? {};
  }

  body(): ErrorBody {
    return {error: {message: this.message, type: this.type, param: this.param, code: this.code}};
  }
}

export const badRequest = (message: string, param?: string, code?: string): ApiError =>
  new ApiError(400, message, {...(param !== undefined && {param}), ...(code !== undefined && {code})});

/**
 * Both numbers, because the caller must know by how much to shorten. `promptTokens` is a text, because
 * of a very long prompt it is only known how many tokens it has at least.
 */
export const contextLengthExceeded = (contextTokens: number, promptTokens: string, param: string): ApiError =>
  badRequest(
    `This model's maximum context length is ${contextTokens} tokens, prompt and answer together. ` +
      `However, your prompt has ${promptTokens} tokens. Please shorten it.`,
    param,
    'context_length_exceeded',
  );

export const queueFull = (running: number, waiting: number): ApiError =>
  new ApiError(429, `The engine is busy: ${running} requests run and ${waiting} wait. Try again shortly.`, {
    type: 'rate_limit_error',
    code: 'queue_full',
    headers: {'retry-after': '1'},
  });

export const loading = (): ApiError =>
  new ApiError(503, 'The model is still loading. Try again shortly.', {
    type: 'service_unavailable',
    code: 'model_loading',
    headers: {'retry-after': '1'},
  });

export const unauthorized = (): ApiError =>
  new ApiError(401, 'This engine demands its bearer token.', {code: 'invalid_api_key'});

export const stopping = (): ApiError =>
  new ApiError(503, 'The engine is stopping.', {
    type: 'service_unavailable',
    code: 'engine_stopping',
    headers: {'retry-after': '1'},
  });

export const internal = (): ApiError =>
  new ApiError(500, 'The engine failed while it answered. Its log says why.', {code: 'engine_failed'});
