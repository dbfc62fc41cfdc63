import type {ServerResponse} from 'node:http';
import type {Job} from '../slots/scheduler.ts';
import {StopMatcher} from '../text/stop-matcher.ts';
import {TextAssembler} from '../text/token-bytes.ts';
import {sendError, sendJson} from '../http/server.ts';
import {internal, stopping} from './errors.ts';
import type {AnswerWish} from './requests.ts';
import {streamEnd, type FinishReason, type Shape, type Usage} from './responses.ts';

export interface AnswerOptions {
  wish: AnswerWish;
  shape: Shape;
  prompt: readonly number[];
  /** Answer tokens at most, the context considered. */
  maxTokens: number;
  response: ServerResponse;
  signal: AbortSignal;
  bytesOf: (token: number) => Buffer;
  endsAnswer: (token: number) => boolean;
  onEnd: (end: AnswerEnd, usage: Usage) => void;
}

export type AnswerEnd = FinishReason | 'aborted' | 'failed';

/** From tokens to what the client reads, whole or in pieces: the job of one request. */
export function answerJob(options: AnswerOptions): Job {
  const {wish, prompt, maxTokens, signal, endsAnswer} = options;
  const assembler = new TextAssembler(options.bytesOf);
  const stops = new StopMatcher(wish.stop);
  const voice = wish.stream ? streamed(options) : whole(options);
  const usage: Usage = {promptTokens: prompt.length, completionTokens: 0, cachedTokens: 0};
  let stopped = false;

  const onToken = (token: number): boolean => {
    usage.completionTokens++;
    if (!wish.ignoreEos && endsAnswer(token)) return false;
    const found = stops.push(assembler.push(token));
    stopped = found.stopped;
    if (found.text !== '') voice.say(found.text);
    return !stopped;
  };
  const finish = (reason: FinishReason): void => {
    if (!stopped) {
      // The last bytes may complete a stop string, or show that what was held is none.
      const last = stops.push(assembler.end());
      const rest = last.stopped ? last.text : last.text + stops.end();
      if (rest !== '') voice.say(rest);
    }
    voice.finish(reason, usage);
  };
  const onEnd: Job['onEnd'] = (end) => {
    if (end === 'complete') finish('stop');
    else if (end === 'length') finish('length');
    else if (end === 'failed') sendError(options.response, internal());
    else if (!signal.aborted) sendError(options.response, stopping());
    options.onEnd(end === 'complete' ? 'stop' : end, usage);
  };
  return {
    prompt,
    sampling: wish.sampling,
    maxTokens,
    signal,
    onStart: (cached) => void (usage.cachedTokens = cached),
    onToken,
    onEnd,
  };
}

interface Voice {
  say(text: string): void;
  finish(reason: FinishReason, usage: Usage): void;
}

function whole({shape, response}: AnswerOptions): Voice {
  let text = '';
  return {
    say: (piece) => void (text += piece),
    finish: (reason, usage) => sendJson(response, 200, shape.whole(text, reason, usage)),
  };
}

/**
 * Server-sent events. The status is sent with the first token, so that until then a failure can still
 * have its own. What a slow reader has not taken waits in memory: at most one answer.
 */
function streamed({shape, response, wish}: AnswerOptions): Voice {
  const opened = (): string => {
    if (response.headersSent) return '';
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    return shape.opening();
  };
  return {
    say: (text) => void response.write(opened() + shape.piece(text)),
    finish: (reason, usage) => {
      const counts = wish.includeUsage ? shape.usage(usage) : '';
      response.end(opened() + shape.closing(reason) + counts + streamEnd);
    },
  };
}
