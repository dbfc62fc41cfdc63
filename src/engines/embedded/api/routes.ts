import type {IncomingMessage, ServerResponse} from 'node:http';
import {readJsonBody} from '../http/body.ts';
import {sendJson, type Route} from '../http/server.ts';
import type {Log} from '../log.ts';
import {metricsText} from '../metrics.ts';
import type {LoadedModel} from '../model/load.ts';
import type {Scheduler} from '../slots/scheduler.ts';
import {answerJob, type AnswerEnd} from './answer.ts';
import {ApiError, badRequest, contextLengthExceeded, loading, queueFull, stopping} from './errors.ts';
import {parseChat, parseCompletion, parseDetokenize, parseTokenize, type AnswerWish} from './requests.ts';
import {chatShape, completionShape, type Shape, type Usage} from './responses.ts';

export interface Ready {
  model: LoadedModel;
  scheduler: Scheduler;
}

export type EngineState =
  /** `progress` is the share that is loaded, 0 to 1. */
  {state: 'loading'; progress: number} | ({state: 'ready'} & Ready) | {state: 'stopping'} | {state: 'failed'};

interface Prompt {
  /** The field of the request that holds it. */
  param: string;
  /** What a person wrote. */
  texts: readonly string[];
  tokensOf: (model: LoadedModel) => readonly number[];
}

export interface RoutesOptions {
  /** The id that clients send as `model`. */
  modelId: string;
  created: number;
  current: () => EngineState;
  log: Log;
}

export function engineRoutes(options: RoutesOptions): Route[] {
  const {modelId, created, current, log} = options;
  const ends: Record<AnswerEnd, number> = {stop: 0, length: 0, aborted: 0, failed: 0};

  const ready = (): Ready => {
    const now = current();
    switch (now.state) {
      case 'ready':
        return now;
      case 'loading':
        throw loading();
      case 'stopping':
        throw stopping();
      case 'failed':
        throw new ApiError(500, 'The engine has failed. Its log says why.', {code: 'engine_failed'});
    }
  };

  /** What both completion endpoints do once they know their prompt. */
  function answer(
    response: ServerResponse,
    wish: AnswerWish,
    shape: Shape,
    {param, texts, tokensOf}: Prompt,
  ): void {
    const {model, scheduler} = ready();
    const {running, waiting} = scheduler.counts();
    if (scheduler.full) throw queueFull(running, waiting);
    // Turning megabytes into tokens would hold up every stream, only to refuse them.
    const least = model.leastTokens(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
    if (least >= model.contextTokens) {
      throw contextLengthExceeded(model.contextTokens, `at least ${least}`, param);
    }
    const prompt = tokensOf(model);
    if (prompt.length === 0) throw badRequest(`${param}: the prompt has no tokens.`, param);
    if (prompt.length >= model.contextTokens) {
      throw contextLengthExceeded(model.contextTokens, String(prompt.length), param);
    }
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const started = performance.now();
    const onEnd = (end: AnswerEnd, usage: Usage): void => {
      ends[end]++;
      const took = Math.round(performance.now() - started);
      const {promptTokens, cachedTokens, completionTokens} = usage;
      log.info(
        `${shape.id} ${end} prompt=${promptTokens} cached=${cachedTokens} answer=${completionTokens} ms=${took}`,
      );
    };
    const room = model.contextTokens - prompt.length;
    const maxTokens = Math.min(wish.maxTokens ?? room, room);
    const {bytesOf, endsAnswer} = model;
    scheduler.submit(
      answerJob({wish, shape, prompt, maxTokens, response, signal: gone.signal, bytesOf, endsAnswer, onEnd}),
    );
  }

  const shapeOptions = (wish: AnswerWish) => ({
    model: modelId,
    created: Math.floor(Date.now() / 1000),
    includeUsage: wish.stream && wish.includeUsage,
  });
  const demandModel = (wish: AnswerWish): void => {
    if (wish.model === undefined || wish.model === modelId) return;
    throw new ApiError(
      404,
      `The model '${wish.model}' is not served here. This engine serves '${modelId}'.`,
      {
        param: 'model',
        code: 'model_not_found',
      },
    );
  };
  const demandTokens = (tokens: readonly number[], model: LoadedModel, param: string): readonly number[] => {
    const foreign = tokens.find((token) => token >= model.vocabularySize);
    if (foreign === undefined) return tokens;
    throw badRequest(
      `${param}: token ${foreign} is not one of the model's ${model.vocabularySize} tokens.`,
      param,
    );
  };

  async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    ready();
    const wish = parseChat(await readJsonBody(request));
    demandModel(wish);
    answer(response, wish, chatShape(shapeOptions(wish)), {
      param: 'messages',
      texts: wish.messages.map((message) => message.content),
      tokensOf: (model) => model.chatTokens(wish.messages),
    });
  }

  async function completion(request: IncomingMessage, response: ServerResponse): Promise<void> {
    ready();
    const wish = parseCompletion(await readJsonBody(request));
    demandModel(wish);
    const {prompt} = wish;
    answer(response, wish, completionShape(shapeOptions(wish)), {
      param: 'prompt',
      texts: typeof prompt === 'string' ? [prompt] : [],
      tokensOf: (model) =>
        typeof prompt === 'string' ? model.promptTokens(prompt) : demandTokens(prompt, model, 'prompt'),
    });
  }

  async function tokenize(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {model} = ready();
    const {text, addSpecial} = parseTokenize(await readJsonBody(request));
    const tokens = addSpecial ? model.promptTokens(text) : model.tokenize(text, true);
    sendJson(response, 200, {tokens, count: tokens.length, max_model_len: model.contextTokens});
  }

  async function detokenize(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {model} = ready();
    const {tokens} = parseDetokenize(await readJsonBody(request));
    const content = model.detokenize(demandTokens(tokens, model, 'tokens'));
    // Both names, because clients of both servers exist.
    sendJson(response, 200, {content, prompt: content});
  }

  function models(_request: IncomingMessage, response: ServerResponse): void {
    const {model} = ready();
    const entry = {
      id: modelId,
      object: 'model',
      created,
      owned_by: 'berth',
      context_length: model.contextTokens,
    };
    sendJson(response, 200, {object: 'list', data: [entry]});
  }

  function health(_request: IncomingMessage, response: ServerResponse): void {
    const now = current();
    switch (now.state) {
      case 'ready':
        sendJson(response, 200, {status: 'ok'});
        break;
      case 'loading':
        sendJson(response, 503, {status: 'loading', progress: now.progress}, {'retry-after': '1'});
        break;
      case 'stopping':
        sendJson(response, 503, {status: 'stopping'});
        break;
      case 'failed':
        sendJson(response, 500, {status: 'failed'});
        break;
    }
  }

  function metrics(_request: IncomingMessage, response: ServerResponse): void {
    const {model, scheduler} = ready();
    const text = metricsText({
      counts: scheduler.counts(),
      slots: model.lanes.length,
      contextTokens: model.contextTokens,
      ends,
    });
    response.writeHead(200, {'content-type': 'text/plain; version=0.0.4; charset=utf-8'});
    response.end(text);
  }

  return [
    {method: 'GET', path: '/health', open: true, handle: health},
    {method: 'GET', path: '/metrics', handle: metrics},
    {method: 'GET', path: '/v1/models', handle: models},
    {method: 'POST', path: '/v1/chat/completions', handle: chat},
    {method: 'POST', path: '/v1/completions', handle: completion},
    {method: 'POST', path: '/tokenize', handle: tokenize},
    {method: 'POST', path: '/detokenize', handle: detokenize},
  ];
}
