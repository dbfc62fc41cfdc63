import {createHash} from 'node:crypto';
import {expect, test} from 'vitest';
import type {Variant} from '../../../src/models/index.ts';
import {startFakeHub} from '../../fakes/hub/hub.ts';
import {downloadRig} from './rig.ts';

const rig = downloadRig();
const {model, variant, store, expectWhole, expectNothingUsable, onlyHuggingFace} = rig;
/** Small enough that nano's 6.4 MiB are many. */
const PIECE = 2 ** 18;

const pieces = (hub: {asked: {range: string | undefined}[]}): string[] =>
  hub.asked.flatMap(({range}) => (range === undefined ? [] : [range]));

test('the faster hub gets the work', async () => {
  rig.hf.misbehave = {bytesPerSecond: 150_000};
  await store({}, PIECE).ensure(model, variant);
  await expectWhole();
  expect(rig.hf.sentBytes).toBeGreaterThan(0);
  expect(rig.modelScope.sentBytes).toBeGreaterThan(rig.content.length * 0.8);
});

test('parts are fetched at the same time', async () => {
  onlyHuggingFace({bytesPerSecond: 1_500_000});
  const started = performance.now();
  await store({}, 2 ** 20).ensure(model, variant);
  await expectWhole();
  // One after another they would take 4.4 s.
  expect(performance.now() - started).toBeLessThan(3500);
  expect(new Set(pieces(rig.hf)).size).toBe(Math.ceil(rig.content.length / 2 ** 20));
});

test('a hub that goes silent is left for one that does not, and nothing is fetched twice', async () => {
  rig.hf.misbehave = {stallAfterBytes: 100_000};
  rig.modelScope.misbehave = {bytesPerSecond: 4_000_000};
  await store({}, PIECE).ensure(model, variant);
  await expectWhole();
  const sent = rig.hf.sentBytes + rig.modelScope.sentBytes;
  expect(sent).toBeLessThanOrEqual(rig.content.length * 1.01);
});

test('a mirror that sends us to a CDN out of reach is left, and the message names both', async () => {
  rig.hf.misbehave = {deadCdn: true};
  await store({}, PIECE).ensure(model, variant);
  await expectWhole();
  rig.modelScope.misbehave = {status: 404};
  await store().remove(model, variant);
  const failed: unknown = await store()
    .ensure(model, variant)
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({code: 'hub_file_missing'});
  expect(JSON.stringify((failed as {details: object}).details)).toContain(
    `http://127.0.0.1:9 (sent there by ${rig.hf.url})`,
  );
});

test('when wrong bytes come from one of several hubs, it is found out which', async () => {
  rig.hf.misbehave = {wrongBytes: true, bytesPerSecond: 3_000_000};
  rig.modelScope.misbehave = {bytesPerSecond: 3_000_000};
  await store({}, PIECE).ensure(model, variant);
  await expectWhole();
});

test('a mirror that keeps the headers to itself is asked for the LFS pointer', async () => {
  onlyHuggingFace({noLinkedHeaders: true});
  await store().ensure(model, variant);
  await expectWhole();
  expect(rig.hf.asked.map(({path}) => path)).toContain('/someone/model/raw/a1b2/model.gguf');
});

test('a hub without ranges sends each byte once, however small the parts', async () => {
  onlyHuggingFace({noRanges: true});
  await store({}, PIECE).ensure(model, variant);
  await expectWhole();
  expect(rig.hf.sentBytes).toBeLessThanOrEqual(rig.content.length * 1.01);
});

test.each([
  ['a file that changes between ranges', {changes: true}],
  ['other ranges than asked for', {shiftRange: 7}],
  ['a web page in place of the file', {htmlFile: true}],
])('%s: the next hub serves; alone it is an error, and the cache stays intact', async (_, misbehave) => {
  onlyHuggingFace({...misbehave});
  await expect(store({}, PIECE).ensure(model, variant)).rejects.toMatchObject({
    code: expect.stringMatching(/^(download_corrupt|hub_file_missing|hub_unreachable)$/) as string,
  });
  await expectNothingUsable();
  rig.hf.misbehave = {...misbehave};
  rig.modelScope.misbehave = {};
  await store({}, PIECE).ensure(model, variant);
  await expectWhole();
});

test('what one hub sent is kept by the next process, which asks another', async () => {
  onlyHuggingFace({bytesPerSecond: 2_000_000});
  const aborting = new AbortController();
  const first = store({}, PIECE).ensure(model, variant, {
    signal: aborting.signal,
    progress: ({current = 0}) => current > 3_000_000 && aborting.abort(),
  });
  await expect(first).rejects.toThrow();
  const before = rig.hf.sentBytes;
  rig.hf.misbehave = {status: 500};
  rig.modelScope.misbehave = {};
  await store({}, PIECE).ensure(model, variant);
  await expectWhole();
  expect(before + rig.modelScope.sentBytes).toBeLessThan(rig.content.length * 1.05);
});

test('after twenty random cuts, hardly a byte was fetched twice', async () => {
  const content = Buffer.alloc(2 ** 26);
  for (let at = 0; at < content.length; at += 4096) content.writeUInt32LE(at, at);
  const sha256 = createHash('sha256').update(content).digest('hex');
  let seed = 11;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const cuts = Array.from({length: 20}, () => 100_000 + random(2_000_000));
  await using hub = await closing(content, {cuts});
  const big: Variant = {
    ...variant,
    file: {...variant.file, files: [{path: 'big.gguf', sha256}]} as Variant['file'],
  };
  const env = {HF_ENDPOINT: hub.url, MODELSCOPE_ENDPOINT: 'http://127.0.0.1:9'};
  const weights = await store(env, 2 ** 22).ensure(model, big);
  expect(weights).toMatchObject({sha256, totalBytes: content.length});
  expect(hub.misbehave.cuts).toEqual([]);
  expect(hub.sentBytes).toBeLessThanOrEqual(content.length * 1.01);
});

test('further mirrors of Hugging Face serve, and never see its token', async () => {
  await using mirror = await closing(rig.content);
  rig.hf.misbehave = {status: 500};
  rig.modelScope.misbehave = {status: 404};
  await store({HF_TOKEN: 'hf_secret', BERTH_HF_MIRRORS: mirror.url}).ensure(model, variant);
  await expectWhole();
  expect(mirror.sentBytes).toBe(rig.content.length);
  expect(mirror.asked.filter(({authorization}) => authorization !== undefined)).toEqual([]);
  expect(rig.hf.asked[0]).toMatchObject({authorization: 'Bearer hf_secret'});
});

async function closing(...given: Parameters<typeof startFakeHub>) {
  const hub = await startFakeHub(...given);
  return Object.assign(hub, {[Symbol.asyncDispose]: () => hub.close()});
}
