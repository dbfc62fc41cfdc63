import {createHash} from 'node:crypto';
import {readdir} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {dirname} from 'node:path';
import {describe, expect, test} from 'vitest';
import type {ProgressEvent} from '../../../src/base/progress.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import type {Variant} from '../../../src/models/index.ts';
import type {Misbehaviour} from '../../fakes/hub/hub.ts';
import {downloadRig} from './rig.ts';

const rig = downloadRig();
const {model, variant, store, path, expectWhole, expectNothingUsable, onlyHuggingFace} = rig;

test('fetches, verifies, and asks nobody the second time', async () => {
  const opened = store();
  const events: ProgressEvent[] = [];
  expect(await opened.find(model, variant)).toBeUndefined();
  await opened.ensure(model, variant, {progress: (event) => events.push(event)});
  await expectWhole(opened);
  const asked = rig.hf.asked.length;
  await opened.ensure(model, variant);
  expect(rig.hf.asked).toHaveLength(asked);
  const done = events.filter(({status}) => status === 'done');
  expect(done.map(({id, current, total}) => [id, current, total])).toEqual([
    ['weights/download', rig.content.length, rig.content.length],
    ['weights/verify', rig.content.length, rig.content.length],
  ]);
});

/** What was on the way when a connection broke is lost; hardly anything else is fetched twice. */
function expectLittleTwice(): void {
  expect(rig.hf.sentBytes).toBeGreaterThanOrEqual(rig.content.length);
  expect(rig.hf.sentBytes).toBeLessThan(rig.content.length * 1.02);
}

test('a connection that drops again and again is resumed each time where it broke', async () => {
  onlyHuggingFace({dropAfterBytes: 1_000_000});
  await store().ensure(model, variant);
  await expectWhole();
  expectLittleTwice();
});

test('a stalled transfer is given up and resumed', async () => {
  onlyHuggingFace({stallAfterBytes: 2_000_000, times: 2});
  await store().ensure(model, variant);
  await expectWhole();
  expectLittleTwice();
});

test('a hub that drops before any progress is left for the next one', async () => {
  rig.hf.misbehave = {dropAfterBytes: 100};
  await store().ensure(model, variant);
  await expectWhole();
  expect(rig.modelScope.sentBytes).toBeGreaterThan(rig.content.length - 200);
});

test('what the first hub sent is kept when the second goes on', async () => {
  rig.hf.misbehave = {dropAfterBytes: 4_000_000, times: 1};
  await expect(store().ensure(model, variant, {signal: AbortSignal.timeout(0)})).rejects.toThrow();
  rig.hf.misbehave = {dropAfterBytes: 4_000_000, times: 1};
  const aborting = new AbortController();
  await expect(
    store().ensure(model, variant, {
      signal: aborting.signal,
      progress: ({current}) => current !== undefined && current > 3_000_000 && aborting.abort(),
    }),
  ).rejects.toThrow();
  rig.hf.misbehave = {status: 500};
  await store().ensure(model, variant);
  await expectWhole();
  expect(rig.modelScope.sentBytes).toBeLessThan(rig.content.length - 2_900_000);
});

describe('lies', () => {
  test.each([
    ['wrong bytes', {wrongBytes: true}],
    ['a length that is too long', {extraLength: 1000}],
    ['a length that is too short', {extraLength: -1000}],
    ['a claim of another size', {claimExtraBytes: 5}],
  ] satisfies [string, Misbehaviour][])(
    '%s: thrown away, and the next hub is asked',
    async (_, misbehave) => {
      rig.hf.misbehave = misbehave;
      await store().ensure(model, variant);
      await expectWhole();
    },
  );

  test('the same lie everywhere is download_corrupt, and nothing stays', async () => {
    rig.hf.misbehave = {wrongBytes: true};
    rig.modelScope.misbehave = {wrongBytes: true};
    await expect(store().ensure(model, variant)).rejects.toMatchObject({code: 'download_corrupt', exit: 1});
    await expectNothingUsable();
    expect(await readdir(dirname(path()))).toEqual([]);
  });

  test('a hub that claims other content than was pinned is not even asked for it', async () => {
    const files = [{path: 'model.gguf', sha256: 'ab'.repeat(32)}];
    const pinned: Variant = {...variant, file: {...variant.file, files} as Variant['file']};
    await expect(store().ensure(model, pinned)).rejects.toMatchObject({code: 'download_corrupt'});
    expect(rig.hf.sentBytes + rig.modelScope.sentBytes).toBe(0);
  });
});

test('a file that changes between two ranges is fetched anew, from its first byte', async () => {
  onlyHuggingFace({dropAfterBytes: 3_000_000, times: 1});
  const other = Buffer.from(rig.content);
  other.write('X', other.length - 100);
  const changed = createHash('sha256').update(other).digest('hex');
  const weights = await store()
    .ensure(model, variant, {
      progress: ({id}) => {
        if (id === 'weights/hub') rig.hf.serve(other);
      },
    })
    .catch((error: unknown) => error);
  // Within one attempt the claim is of the old content: the new bytes do not match it.
  expect(weights).toMatchObject({code: 'download_corrupt'});
  expect(await store().ensure(model, variant)).toMatchObject({sha256: changed});
});

test.each([
  ['web page with 200', {html: true}, 'hub_unreachable'],
  ['redirects in circles', {redirectLoop: true}, 'hub_unreachable'],
  ['401', {status: 401}, 'hub_forbidden'],
  ['403', {status: 403}, 'hub_forbidden'],
  ['404', {status: 404}, 'hub_file_missing'],
  ['500', {status: 500}, 'hub_unreachable'],
  ['always 503', {status: 503}, 'hub_unreachable'],
  ['always 429', {status: 429, retryAfterSeconds: 3600}, 'hub_unreachable'],
] satisfies [string, Misbehaviour, string][])(
  '%s: the next hub serves; everywhere it is %s',
  async (_, misbehave, code) => {
    rig.hf.misbehave = {...misbehave};
    rig.modelScope.misbehave = {...misbehave};
    const failed: unknown = await store()
      .ensure(model, variant)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({code, exit: 3});
    expect((failed as {try: string[]}).try).toContain('berth models pull tested');
    await expectNothingUsable();
    rig.modelScope.misbehave = {};
    await store().ensure(model, variant);
    await expectWhole();
  },
);

test('no hub at all is hub_unreachable, exit 3, within seconds', async () => {
  await Promise.all([rig.hf.close(), rig.modelScope.close()]);
  await expect(store().ensure(model, variant)).rejects.toMatchObject({
    code: 'hub_unreachable',
    exit: 3,
    details: {hubs: [{kind: 'unreachable'}, {kind: 'unreachable'}]},
  });
});

test('a busy hub is asked again after as long as it said', async () => {
  onlyHuggingFace({status: 429, retryAfterSeconds: 1, times: 1});
  const started = performance.now();
  await store().ensure(model, variant);
  await expectWhole();
  expect(performance.now() - started).toBeGreaterThan(990);
});

test('the token goes to the hub and never to where it redirects', async () => {
  onlyHuggingFace({token: 'hf_secret'});
  await expect(store().ensure(model, variant)).rejects.toMatchObject({code: 'hub_forbidden'});
  await store({HF_TOKEN: 'hf_secret'}).ensure(model, variant);
  const file = rig.hf.asked.filter(({path: asked}) => asked.startsWith('/model.gguf'));
  expect(file.length).toBeGreaterThan(0);
  expect(file.map(({authorization}) => authorization)).toEqual(file.map(() => undefined));
  expect(rig.modelScope.asked.map(({authorization}) => authorization)).toEqual(
    rig.modelScope.asked.map(() => undefined),
  );
});

test('goes through the proxy of the environment, but not for what no_proxy names', async () => {
  const through: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    through.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.on('request', (request, response) => {
    through.push(request.url ?? '');
    response.writeHead(502).end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const env = {http_proxy: url, https_proxy: url};
  expect(await store(env).reachableHub(variant, seconds(2))).toBeUndefined();
  expect(through.length).toBeGreaterThan(0);
  expect(rig.hf.asked).toHaveLength(0);
  expect(await store({...env, no_proxy: '127.0.0.1'}).reachableHub(variant, seconds(2))).toBeDefined();
  proxy.closeAllConnections();
  proxy.close();
});

describe('reachableHub', () => {
  test('names a hub that has the file, and gives up at the deadline', async () => {
    expect(await store().reachableHub(variant, seconds(3))).toMatchObject({repository: 'someone/model'});
    rig.hf.misbehave = {html: true};
    expect(await store().reachableHub(variant, seconds(3))).toMatchObject({hub: 'modelscope'});
    rig.hf.misbehave = {delayMs: 5000};
    rig.modelScope.misbehave = {delayMs: 5000};
    const started = performance.now();
    expect(await store().reachableHub(variant, ms(300))).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1500);
  });
});
