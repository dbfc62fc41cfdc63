/** A failure as OpenAI's API tells it. Messages are English: they are part of the wire format. */
export interface ApiErrorBody {
  error: {message: string; type: string; param: string | null; code: string | null};
}

interface ApiErrorOptions {
  status: number;
  type: 'invalid_request_error' | 'requests' | 'server_error';
  code: string;
  param?: string;
  /** Seconds after which the client may try again. */
  retryAfter?: number;
  cause?: unknown;
}

/** Thrown anywhere while a request is handled; becomes the answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly param: string | null;
  readonly retryAfter: number | undefined;

  constructor(message: string, options: ApiErrorOptions) {
    super(message, {cause: options.cause});
    this.name = 'ApiError';
    this.status = options.status;
    this.type = options.type;
    this.code = options.code;
    this.param = options.param ?? null;
    this.retryAfter = options.retryAfter;
  }

  get body(): ApiErrorBody {
    return {error: {message: this.message, type: this.type, param: this.param, code: this.code}};
  }
}

const invalid = (status: number, code: string, message: string, param?: string): ApiError =>
  new ApiError(message, {status, type: 'invalid_request_error', code, ...(param !== undefined && {param})});

const server = (
  status: number,
  code: string,
  message: string,
  more: Partial<ApiErrorOptions> = {},
): ApiError => new ApiError(message, {status, type: 'server_error', code, ...more});

export const badRequest = (code: string, message: string, param?: string): ApiError =>
  invalid(400, code, message, param);

/** The prompt, with the room that its answer needs, is longer than one request may be. */
export const contextExceeded = (contextTokens: number, promptTokens: number | undefined): ApiError =>
  badRequest(
    'context_length_exceeded',
    `This model's maximum context length is ${contextTokens} tokens. ` +
      (promptTokens === undefined
        ? 'Your prompt is longer.'
        : `However, your prompt has ${promptTokens} tokens, and its answer needs room too.`) +
      ' Please reduce the length of the prompt.',
  );

export const invalidKey = (missing: boolean): ApiError =>
  invalid(
    401,
    'invalid_api_key',
    missing
      ? "You didn't provide an API key. Send it in the header: Authorization: Bearer YOUR_KEY"
      : 'Incorrect API key provided.',
  );

export const foreignOrigin = (): ApiError =>
  invalid(
    403,
    'foreign_origin',
    'A gateway without keys answers this machine only, and no page of another origin.',
  );

export const unknownUrl = (method: string, path: string): ApiError =>
  invalid(404, 'unknown_url', `Unknown request URL: ${method} ${path}`);

export const wrongMethod = (method: string, path: string): ApiError =>
  invalid(405, 'method_not_supported', `Not allowed to ${method} on ${path}`);

export const modelNotFound = (model: string): ApiError =>
  invalid(
    404,
    'model_not_found',
    `The model '${model}' does not exist or you do not have access to it.`,
    'model',
  );

export const bodyTooLarge = (limitBytes: number): ApiError =>
  invalid(413, 'request_too_large', `The request body is larger than ${limitBytes} bytes.`);

export const bodyTooSlow = (limitMs: number): ApiError =>
  invalid(408, 'request_timeout', `The request body did not arrive within ${limitMs} ms.`);

export const encodedBody = (encoding: string): ApiError =>
  invalid(
    415,
    'unsupported_content_encoding',
    `Content-Encoding '${encoding}' is not supported; send plain JSON.`,
  );

export const queueFull = (waiting: number): ApiError =>
  new ApiError(`Too many requests: ${waiting} are waiting already. Try again shortly.`, {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    retryAfter: 1,
  });

export const bodiesFull = (limitBytes: number): ApiError =>
  new ApiError(
    `Too many requests: together their bodies would be larger than ${limitBytes} bytes. Try again shortly.`,
    {status: 429, type: 'requests', code: 'rate_limit_exceeded', retryAfter: 1},
  );

export const engineBroke = (message: string, cause?: unknown): ApiError =>
  server(502, 'engine_broke', message, {cause});

export const noEngine = (message: string, retryAfter = 2): ApiError =>
  server(503, 'engine_not_ready', message, {retryAfter});

export const deadlinePassed = (limitMs: number): ApiError =>
  server(504, 'deadline_exceeded', `The request took longer than ${limitMs} ms and was ended.`);
