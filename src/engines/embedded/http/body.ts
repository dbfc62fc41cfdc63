import type {IncomingMessage} from 'node:http';
import {ApiError, badRequest} from '../api/errors.ts';

/** Larger than any prompt that fits a context; the gateway caps earlier. */
export const BODY_LIMIT = 16 * 1024 ** 2;

/** The parsed JSON of a request. Stops reading at the limit. */
export async function readJsonBody(request: IncomingMessage, limit: number = BODY_LIMIT): Promise<unknown> {
  const tooLarge = (): ApiError =>
    new ApiError(413, `The body is larger than ${limit} bytes.`, {code: 'body_too_large'});
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const parts: Buffer[] = [];
  let size = 0;
  // Left early, the connection must stay open for the answer.
  for await (const part of request.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw tooLarge();
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the body, which may hold a prompt.
    throw badRequest('The body is not valid JSON.');
  }
}
