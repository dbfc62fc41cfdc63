import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {readFile} from 'node:fs/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {chat, startGateway, type RunningGateway} from './rig.ts';

interface Recorded {
  name: string;
  engine: string;
  source: string;
  status: number;
  body: unknown;
  told: {status: number; code: string; type: string; message: string; retryAfter?: string};
}

const recorded = JSON.parse(
  await readFile(new URL('../../fixtures/engines/refusals.json', import.meta.url), 'utf8'),
) as Recorded[];

/** A double that answers every request with one recorded answer of a real engine. */
describe('refusals of engines, told in OpenAI’s shape', () => {
  let answer: Pick<Recorded, 'status' | 'body'> = {status: 500, body: {}};
  const double = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(answer.status, {'content-type': 'application/json'});
      response.end(JSON.stringify(answer.body));
    });
  });
  let gateway: RunningGateway;
  beforeAll(async () => {
    await new Promise<void>((resolve) => double.listen(0, '127.0.0.1', resolve));
    gateway = await startGateway();
    const origin = `http://127.0.0.1:${(double.address() as AddressInfo).port}`;
    await gateway.order({order: 'route', upstream: {release: 1, origin, token: 't', model: 'fake-model'}});
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    double.closeAllConnections();
    double.close();
  });

  it.each(recorded)('$engine: $name', async ({status, body, told}) => {
    answer = {status, body};
    for (const stream of [false, true]) {
      const response = await chat(gateway, {stream});
      expect(response.status).toBe(told.status);
      expect(response.headers.get('retry-after')).toBe(told.retryAfter ?? null);
      const {error} = (await response.json()) as {error: Record<string, unknown>};
      expect(error).toMatchObject({code: told.code, type: told.type});
      expect(error.message).toMatch(new RegExp(told.message));
    }
  });
});
