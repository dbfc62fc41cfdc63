import type {IncomingMessage, ServerResponse} from 'node:http';
import {bodyTooLarge, bodyTooSlow, encodedBody} from './api-error.ts';
import type {BodyHold} from './body-room.ts';

export interface BodyLimits {
  limitBytes: number;
  limitMs: number;
  /** What the body takes of the room for all of them; the caller gives it back. */
  hold: BodyHold;
}

/**
 * The whole request body. Throws 413, 408, 415 or 429 in OpenAI's shape, and `ClientGone` when the client leaves.
 * A client that waits for `100 Continue` gets it only now, after the key was checked.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  {limitBytes, limitMs, hold}: BodyLimits,
): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw encodedBody(encoding);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw bodyTooLarge(limitBytes);
  hold.check(announced);
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
  const chunks: Buffer[] = [];
  let total = 0;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', settle).off('close', gone).off('error', gone);
      request.pause();
      if (error) reject(error);
      else resolve();
    };
    const take = (chunk: Buffer): void => {
      total += chunk.length;
      if (total > limitBytes) {
        settle(bodyTooLarge(limitBytes));
        return;
      }
      try {
        hold.grow(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        settle(error as Error);
      }
    };
    const gone = (): void => settle(new ClientGone());
    const timer = setTimeout(() => settle(bodyTooSlow(limitMs)), limitMs);
    request.on('data', take).once('end', settle).once('close', gone).once('error', gone);
  });
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, total);
}

/** The client closed its connection; nobody is left to answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client closed the connection');
    this.name = 'ClientGone';
  }
}
