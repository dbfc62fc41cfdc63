import {once} from 'node:events';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {buildNano, NANO_SHA256} from '../../../src/models/index.ts';
import {partialBytes} from '../../../src/models/hubs/partial.ts';
import {startFakeHub, type FakeHub} from '../../fakes/hub/hub.ts';
import {openBerth, type Berth} from '../../support/berth.ts';

const content = buildNano();

let berth: Berth;
let hf: FakeHub;
let modelScope: FakeHub;
beforeEach(async () => {
  hf = await startFakeHub(content);
  modelScope = await startFakeHub(content);
  berth = await openBerth({HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: modelScope.url});
  await writeFile(
    join(berth.home, 'berth.yaml'),
    'models:\n  mine:\n    huggingface: someone/mine\n    modelscope: someone/mine\n    file: model.gguf\n',
  );
});
afterEach(async () => {
  await Promise.all([hf.close(), modelScope.close()]);
  await berth[Symbol.asyncDispose]();
});

const partial = () => join(berth.home, '.cache/berth/weights/mine/model.gguf.partial');

test('pull from hubs that misbehave, killed and started again until it is done, then verify', async () => {
  // One hub tells of the file and sends a web page; the other is slow, and cuts and stalls as it likes.
  hf.misbehave = {htmlFile: true};
  modelScope.misbehave = {
    bytesPerSecond: 2_500_000,
    cuts: [400_000, 900_000, 150_000, 700_000],
    status: 503,
    times: 1,
  };
  let kills = 0;
  for (;;) {
    const had = (await partialBytes(partial())) ?? 0;
    const child = berth.spawn('models', 'pull', 'mine');
    const ended = once(child, 'exit') as Promise<[number | null]>;
    let done: number | null | undefined;
    void ended.then(([code]) => (done = code));
    while (done === undefined && ((await partialBytes(partial())) ?? 0) < had + 1_500_000)
      await new Promise((resolve) => setTimeout(resolve, 10));
    if (done === undefined) {
      child.kill('SIGKILL');
      await ended;
      kills++;
      continue;
    }
    expect(done).toBe(0);
    break;
  }
  expect(kills).toBeGreaterThanOrEqual(3);
  const verified = await berth.json('models', 'verify', 'mine');
  expect(verified).toMatchObject({
    code: 0,
    value: {verdicts: [{model: 'mine', ok: true, sha256: NANO_SHA256}]},
  });
  // What was in the air when the process was killed came again; nothing else did.
  expect(modelScope.sentBytes).toBeLessThan(content.length * 1.1);
});

test('a pull that cannot succeed says so within its patience, and leaves the cache as it was', async () => {
  hf.misbehave = {status: 401};
  modelScope.misbehave = {redirectLoop: true};
  const refused = await berth.json('models', 'pull', 'mine');
  expect(refused).toMatchObject({
    code: 3,
    value: {
      error: {code: 'hub_forbidden', try: expect.arrayContaining(['berth models pull mine']) as string[]},
    },
  });
  expect(await berth.json('models', 'show', 'mine')).toMatchObject({
    value: {model: {variants: [{disk: 'absent', haveBytes: 0}]}},
  });
});

test('progress tells how fast it comes and how long the rest takes', async () => {
  modelScope.misbehave = {status: 404};
  hf.misbehave = {bytesPerSecond: 2_000_000};
  const {stderr} = await berth.json('models', 'pull', 'mine');
  const told = stderr
    .split('\n')
    .filter((line) => line.includes('weights/download'))
    .map((line) => JSON.parse(line) as {bytesPerSecond?: number; leftMs?: number; text: string});
  const speeds = told.flatMap(({bytesPerSecond}) => (bytesPerSecond === undefined ? [] : [bytesPerSecond]));
  expect(speeds.length).toBeGreaterThan(3);
  expect(speeds.at(-1)).toBeGreaterThan(1_000_000);
  expect(speeds.at(-1)).toBeLessThan(3_000_000);
  expect(told.some(({text}) => /^Download from 127\.0\.0\.1:\d+ at .*\/s, .* left$/.test(text))).toBe(true);
});
