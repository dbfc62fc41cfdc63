import {createServer} from 'node:http';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {startFakeEngine, type FakeEngine} from '../../fakes/engine/start.ts';
import type {GatewayReply, Probed, Upstream} from '../../../src/hosts/index.ts';
import {chat, startGateway, testConfig, until, upstreamOf, type RunningGateway} from './rig.ts';

/** The probe of the watch: through the gateway's own door, in front of a fake engine. */
describe('a probe', () => {
  let engine: FakeEngine;
  let gateway: RunningGateway;
  beforeAll(async () => {
    engine = await startFakeEngine();
    gateway = await startGateway(testConfig({}));
  });
  beforeEach(async () => {
    await gateway.order({order: 'route', upstream: upstreamOf(engine)});
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  const probe = async (deadlineMs = 5000): Promise<Probed> => {
    const reply: GatewayReply = await gateway.order({order: 'probe', deadlineMs});
    if (reply.reply !== 'probed') throw new Error(`unexpected reply ${reply.reply}`);
    return reply.probed;
  };
  const metrics = async (): Promise<string> =>
    (await fetch(`${gateway.url}/metrics`, {headers: {authorization: `Bearer ${gateway.key}`}})).text();

  it('is a stream of a few tokens that the engine answers, and is measured like a user’s', async () => {
    const probed = await probe();
    expect(probed).toMatchObject({outcome: 'ok', tokens: 5});
    expect(probed.outcome === 'ok' && probed.ttftMs).toBeGreaterThan(0);
    const {lastBody, lastAuthorization} = await engine.seen();
    expect(JSON.parse(lastBody)).toMatchObject({model: 'fake-model', max_tokens: 4, stream: true});
    // The engine's own token, as with everybody's request; no key of the gateway's is in it.
    expect(lastAuthorization).toBe('Bearer engine-secret');
  });

  it('is in no figure of what people asked, nor in the log, and is counted by itself', async () => {
    const before = await metrics();
    const logged = gateway.log().length;
    await gateway.order({order: 'window'});
    await probe();
    expect((await gateway.stats()).requests).toEqual({ok: 0, clientError: 0, serverError: 0, cancelled: 0});
    const window = await gateway.order({order: 'window'});
    expect(window).toMatchObject({window: {requests: {ok: 0}, tokens: 0, ttft: [], tpot: []}});
    const after = await metrics();
    const probes = (text: string): number =>
      Number(/berth_gateway_probes_total\{outcome="ok"\} (\d+)/.exec(text)?.[1]);
    expect(probes(after)).toBe(probes(before) + 1);
    expect(after).not.toContain('gen_ai_operation_name="chat"');
    expect(gateway.log().length).toBe(logged);
  });

  it('does not open the door for anybody else', async () => {
    await using silent = await startSilentEngine();
    await gateway.order({order: 'route', upstream: silent.upstream});
    const asking = probe(1000);
    await silent.asked;
    for (const ticket of ['', 'x', 'A'.repeat(32)]) {
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: {'x-berth-probe': ticket},
        body: '{}',
      });
      expect(response.status).toBe(401);
    }
    expect(await asking).toEqual({outcome: 'failed', reason: 'no whole answer within 1000 ms'});
  });

  it('is skipped while somebody is answered, while requests are held, and before there is an engine', async () => {
    const answer = chat(gateway, {stream: true, fake: {tokens: 100, everyMs: 20}});
    await until('it runs', async () => (await gateway.stats()).running === 1);
    expect(await probe()).toEqual({outcome: 'skipped'});
    await (await answer).text();
    await gateway.order({order: 'hold', limitMs: 30_000});
    expect(await probe()).toEqual({outcome: 'skipped'});
    await using fresh = await startGateway(testConfig({}));
    expect(await fresh.order({order: 'probe', deadlineMs: 1000})).toEqual({
      reply: 'probed',
      probed: {outcome: 'skipped'},
    });
  });

  it('has failed where users are refused: no engine will come, or it is gone', async () => {
    await gateway.order({order: 'hold', limitMs: 0});
    expect(await probe()).toEqual({outcome: 'failed', reason: 'engine_not_ready'});
    await using gone = await startFakeEngine();
    await gateway.order({order: 'route', upstream: upstreamOf(gone)});
    await gone.kill();
    expect(await probe()).toMatchObject({outcome: 'failed'});
  });
});

/** Takes every request and answers none. */
async function startSilentEngine(): Promise<{upstream: Upstream; asked: Promise<unknown>} & AsyncDisposable> {
  const server = createServer(() => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    upstream: {release: 2, origin, token: 'x', model: 'fake-model'},
    asked: once(server, 'request'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
