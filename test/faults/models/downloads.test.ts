import {createHash, randomBytes} from 'node:crypto';
import {appendFile, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import type {ProgressEvent} from '../../../src/base/progress.ts';
import {bytes, ms, seconds} from '../../../src/base/units.ts';
import {
  findModel,
  openWeightsStore,
  writeSynthetic,
  NANO_SHAPE,
  type Model,
  type Variant,
  type WeightsStore,
} from '../../../src/models/index.ts';
import {startFakeHub, type FakeHub, type Misbehaviour} from '../../fakes/hub/hub.ts';

let content: Buffer;
let sha256: string;
let folder: string;
/** Speaks for Hugging Face and for ModelScope. */
let hf: FakeHub;
let ms2: FakeHub;

const place = {repository: 'someone/model', revision: 'a1b2', path: 'model.gguf'};
const variant: Variant = {
  name: 'F16',
  file: {
    from: 'hub',
    fileName: 'model.gguf',
    totalBytes: bytes(6_675_904),
    places: [
      {hub: 'huggingface', ...place},
      {hub: 'modelscope', ...place},
    ],
  },
};
const model: Model = {
  ...findModel('nano'),
  id: 'tested',
  title: 'Tested',
  standIn: false,
  variants: [variant],
};

beforeAll(async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'berth-hub-')), 'model.gguf');
  await writeSynthetic(path, NANO_SHAPE);
  content = await readFile(path);
  await rm(dirname(path), {recursive: true});
  sha256 = createHash('sha256').update(content).digest('hex');
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-store-'));
  hf = await startFakeHub(content);
  ms2 = await startFakeHub(content);
});

afterEach(async () => {
  await Promise.all([hf.close(), ms2.close()]);
  await rm(folder, {recursive: true, force: true});
});

const store = (env: NodeJS.ProcessEnv = {}): WeightsStore =>
  openWeightsStore({
    folder,
    env: {HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms2.url, ...env},
    clock: systemClock,
    patience: {answer: seconds(2), stall: ms(400), backoff: ms(20)},
  });

const path = () => join(folder, 'tested', 'model.gguf');

/** Whole, right, remembered, and nothing left lying about. */
async function expectWhole(opened = store()): Promise<void> {
  const weights = await opened.find(model, variant);
  expect(weights).toEqual({path: path(), totalBytes: content.length, sha256});
  expect(
    createHash('sha256')
      .update(await readFile(path()))
      .digest('hex'),
  ).toBe(sha256);
  expect(await readdir(dirname(path()))).toEqual(['model.gguf']);
}

/** Nothing that could be taken for the weights is there. */
async function expectNothingUsable(): Promise<void> {
  expect(await store().find(model, variant)).toBeUndefined();
  await expect(stat(path())).rejects.toMatchObject({code: 'ENOENT'});
}

const onlyHuggingFace = (misbehave: Misbehaviour): void => {
  hf.misbehave = misbehave;
  ms2.misbehave = {status: 404};
};

test('fetches, verifies, and asks nobody the second time', async () => {
  const opened = store();
  const events: ProgressEvent[] = [];
  expect(await opened.find(model, variant)).toBeUndefined();
  await opened.ensure(model, variant, {progress: (event) => events.push(event)});
  await expectWhole(opened);
  const asked = hf.asked.length;
  await opened.ensure(model, variant);
  expect(hf.asked).toHaveLength(asked);
  expect(ms2.asked).toHaveLength(0);
  const done = events.filter(({status}) => status === 'done');
  expect(done.map(({id, current, total}) => [id, current, total])).toEqual([
    ['weights/download', content.length, content.length],
    ['weights/verify', content.length, content.length],
  ]);
});

test('a connection that drops again and again is resumed each time where it broke', async () => {
  onlyHuggingFace({dropAfterBytes: 1_000_000});
  await store().ensure(model, variant);
  await expectWhole();
  expect(hf.sentBytes).toBe(content.length);
});

test('a stalled transfer is given up and resumed', async () => {
  onlyHuggingFace({stallAfterBytes: 2_000_000, times: 2});
  await store().ensure(model, variant);
  await expectWhole();
  expect(hf.sentBytes).toBe(content.length);
});

test('a hub that drops before any progress is left for the next one', async () => {
  hf.misbehave = {dropAfterBytes: 100};
  await store().ensure(model, variant);
  await expectWhole();
  expect(ms2.sentBytes).toBeGreaterThan(content.length - 200);
});

test('what the first hub sent is kept when the second goes on', async () => {
  hf.misbehave = {dropAfterBytes: 4_000_000, times: 1};
  await expect(store().ensure(model, variant, {signal: AbortSignal.timeout(0)})).rejects.toThrow();
  hf.misbehave = {dropAfterBytes: 4_000_000, times: 1};
  const aborting = new AbortController();
  await expect(
    store().ensure(model, variant, {
      signal: aborting.signal,
      progress: ({current}) => current !== undefined && current > 3_000_000 && aborting.abort(),
    }),
  ).rejects.toThrow();
  hf.misbehave = {status: 500};
  await store().ensure(model, variant);
  await expectWhole();
  expect(ms2.sentBytes).toBeLessThan(content.length - 2_900_000);
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
      hf.misbehave = misbehave;
      await store().ensure(model, variant);
      await expectWhole();
    },
  );

  test('the same lie everywhere is download_corrupt, and nothing stays', async () => {
    hf.misbehave = {wrongBytes: true};
    ms2.misbehave = {wrongBytes: true};
    await expect(store().ensure(model, variant)).rejects.toMatchObject({code: 'download_corrupt', exit: 1});
    await expectNothingUsable();
    expect(await readdir(dirname(path()))).toEqual([]);
  });

  test('a hub that claims other content than was pinned is not even asked for it', async () => {
    const pinned: Variant = {...variant, file: {...variant.file, sha256: 'ab'.repeat(32)} as Variant['file']};
    await expect(store().ensure(model, pinned)).rejects.toMatchObject({code: 'download_corrupt'});
    expect(hf.sentBytes + ms2.sentBytes).toBe(0);
  });
});

test('a file that changes between two ranges is fetched anew, from its first byte', async () => {
  onlyHuggingFace({dropAfterBytes: 3_000_000, times: 1});
  const other = Buffer.from(content);
  other.write('X', other.length - 100);
  const changed = createHash('sha256').update(other).digest('hex');
  const weights = await store()
    .ensure(model, variant, {
      progress: ({id}) => {
        if (id === 'weights/hub') hf.serve(other);
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
    hf.misbehave = {...misbehave};
    ms2.misbehave = {...misbehave};
    const failed: unknown = await store()
      .ensure(model, variant)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({code, exit: 3});
    expect((failed as {try: string[]}).try).toContain('berth models pull tested');
    await expectNothingUsable();
    ms2.misbehave = {};
    await store().ensure(model, variant);
    await expectWhole();
  },
);

test('no hub at all is hub_unreachable, exit 3, within seconds', async () => {
  await Promise.all([hf.close(), ms2.close()]);
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
  const file = hf.asked.filter(({path: asked}) => asked.startsWith('/model.gguf'));
  expect(file.length).toBeGreaterThan(0);
  expect(file.map(({authorization}) => authorization)).toEqual(file.map(() => undefined));
  expect(ms2.asked.map(({authorization}) => authorization)).toEqual(ms2.asked.map(() => undefined));
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
  expect(hf.asked).toHaveLength(0);
  expect(await store({...env, no_proxy: '127.0.0.1'}).reachableHub(variant, seconds(2))).toBeDefined();
  proxy.closeAllConnections();
  proxy.close();
});

describe('reachableHub', () => {
  test('names a hub that has the file, and gives up at the deadline', async () => {
    expect(await store().reachableHub(variant, seconds(3))).toMatchObject({path: 'model.gguf'});
    hf.misbehave = {html: true};
    expect(await store().reachableHub(variant, seconds(3))).toMatchObject({hub: 'modelscope'});
    hf.misbehave = {delayMs: 5000};
    ms2.misbehave = {delayMs: 5000};
    const started = performance.now();
    expect(await store().reachableHub(variant, ms(300))).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe('what lies on the disk', () => {
  test('a file touched since is hashed again; a damaged one is not given out, and is fetched anew', async () => {
    await store().ensure(model, variant);
    await utimes(path(), new Date(), new Date());
    await expectWhole();
    await appendFile(path(), 'x');
    expect(await store().find(model, variant)).toBeUndefined();
    await expect(store().verify(model, variant)).rejects.toMatchObject({code: 'weights_damaged'});
    expect(await store().look(model, variant)).toMatchObject({state: 'unverified'});
    await store().ensure(model, variant);
    await expectWhole();
  });

  test('a partial file of other content is not built upon', async () => {
    await store().ensure(model, variant);
    await rm(path());
    await writeFile(`${path()}.partial`, randomBytes(1_000_000));
    await store().ensure(model, variant);
    await expectWhole();
  });

  test('a partial file with wrong bytes in it costs a second download, not a failure', async () => {
    onlyHuggingFace({});
    const aborting = new AbortController();
    hf.misbehave = {stallAfterBytes: 2_000_000};
    const first = store().ensure(model, variant, {
      signal: aborting.signal,
      progress: ({current}) => current === 2_000_000 && aborting.abort(),
    });
    await expect(first).rejects.toThrow();
    const partial = await readFile(`${path()}.partial`);
    partial.fill(7, 1000, 2000);
    await writeFile(`${path()}.partial`, partial);
    hf.misbehave = {};
    await store().ensure(model, variant);
    await expectWhole();
  });

  test('remove frees all of it', async () => {
    await store().ensure(model, variant);
    expect(await store().remove(model, variant)).toBe(content.length);
    expect(await store().look(model, variant)).toEqual({state: 'absent'});
    await expectNothingUsable();
  });

  test('a folder that cannot be is an error that names it', async () => {
    await writeFile(join(folder, 'tested'), 'a file where the folder should be');
    await expect(store().ensure(model, variant)).rejects.toMatchObject({code: 'folder_not_writable'});
  });
});

test('nano and files of the user are weights like any other', async () => {
  const nano = findModel('nano');
  const [built] = nano.variants;
  if (!built) throw new Error('nano has no variant');
  const weights = await store().ensure(nano, built);
  expect(weights.sha256).toBe(sha256);
  expect(await store().find(nano, built)).toEqual(weights);
  const own = findModel(weights.path);
  const [file] = own.variants;
  if (!file) throw new Error('no variant');
  expect(await store().ensure(own, file)).toEqual(weights);
  await writeFile(weights.path, 'not a model');
  await expect(store().find(own, file)).rejects.toMatchObject({code: 'weights_damaged'});
  expect((await store().ensure(nano, built)).sha256).toBe(sha256);
  const gone = findModel(join(folder, 'gone.gguf'));
  await expect(store().ensure(gone, gone.variants[0] ?? file)).rejects.toMatchObject({
    code: 'weights_missing',
  });
});
