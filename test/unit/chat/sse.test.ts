import {describe, expect, it} from 'vitest';
import {sseData} from '../../../src/cli/chat/sse.ts';

const STREAM = Buffer.from(
  'data: {"a":"显存"}\n\n: comment\n\ndata: one\r\ndata: two\r\n\r\ndata:[DONE]\n\ndata: cut',
);

async function read(size: number): Promise<string[]> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < STREAM.length; at += size) yield STREAM.subarray(at, at + size);
    await Promise.resolve();
  }
  return Array.fromAsync(sseData(pieces()));
}

describe('sseData', () => {
  it.each([1, 2, 3, 7, 1000])('is the same in pieces of %i bytes', async (size) => {
    expect(await read(size)).toEqual(['{"a":"显存"}', 'one\ntwo', '[DONE]']);
  });
});
