import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {systemClock} from '../../src/base/clock.ts';
import {findModel, openWeightsStore, type Model, type Variant} from '../../src/models/index.ts';
import {quantile, type Bench, type Figure} from './harness.ts';

const MIB = 1024;
const ROUNDS = 3;
const HUB = join(import.meta.dirname, '../fakes/hub/main.ts');

const variant: Variant = {
  name: 'file',
  format: 'gguf',
  file: {
    from: 'hub',
    files: [{path: 'large.bin'}],
    places: [{hub: 'huggingface', repository: 'a/b', revision: 'main'}],
  },
};
const model: Model = {...findModel('nano'), id: 'bench', title: 'Bench', variants: [variant]};

/**
 * A download from the hub double, and curl's of the same file from the same double to the same disk, taken in turns.
 * Transfers are compared until the last byte is written: neither waits for the disk. Curl checks nothing, Berth always
 * does, so the whole of Berth (the disk's sync, SHA-256, the name) is compared with curl followed by sha256sum.
 */
const download: Bench = {
  name: 'download',
  run: async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-bench-download-'));
    const file = join(folder, 'large.bin');
    execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=1M', `count=${MIB}`], {stdio: 'ignore'});
    const hub = spawn(process.execPath, [HUB, file], {stdio: ['ignore', 'pipe', 'inherit']});
    try {
      const [url] = (await once(createInterface({input: hub.stdout}), 'line')) as [string];
      return await measure(folder, url, signal);
    } finally {
      hub.kill();
      rmSync(folder, {recursive: true, force: true});
    }
  },
};
export default download;

async function measure(folder: string, url: string, signal: AbortSignal): Promise<Figure[]> {
  const target = join(folder, 'curl.bin');
  const curl = (): number => {
    const started = performance.now();
    const address = `${url}/a/b/resolve/main/large.bin`;
    execFileSync('curl', ['--silent', '--fail', '--location', '--output', target, address]);
    return performance.now() - started;
  };
  const hashed = (): number => {
    const started = performance.now();
    execFileSync('sha256sum', [target], {stdio: 'ignore'});
    return performance.now() - started;
  };
  const taken: Record<'curl' | 'curlHashed' | 'berth' | 'berthHashed', number[]> = {
    curl: [],
    curlHashed: [],
    berth: [],
    berthHashed: [],
  };
  // The first round fills the disk cache and is not counted.
  for (let round = 0; round <= ROUNDS; round++) {
    signal.throwIfAborted();
    const plain = curl();
    const plainHash = hashed();
    const ours = await berth(join(folder, 'store'), url, signal);
    await rm(target);
    if (round === 0) continue;
    taken.curl.push(plain);
    taken.curlHashed.push(plain + plainHash);
    taken.berth.push(ours.transferMs);
    taken.berthHashed.push(ours.wholeMs);
  }
  const median = (times: number[]): number => quantile(times, 0.5);
  const speed = (ms: number): number => (MIB * 2 ** 20) / 1e6 / (ms / 1000);
  const conditions =
    `${MIB} MiB from the hub double on loopback (redirect, ranges) to the same disk, ` +
    `median of ${ROUNDS}, taken in turns; curl with its start, Berth in a running process`;
  return [
    {name: 'curl', value: speed(median(taken.curl)), unit: 'MB/s', conditions},
    {name: 'berth models pull, transfer', value: speed(median(taken.berth)), unit: 'MB/s', conditions},
    {
      name: 'transfer / curl',
      // Of the same round: what else the machine does changes from round to round.
      value: median(taken.curl.map((time, round) => time / (taken.berth[round] ?? NaN))),
      unit: 'ratio',
      goal: {atLeast: 0.8},
      conditions,
    },
    {
      name: 'berth models pull, with sync and SHA-256',
      value: speed(median(taken.berthHashed)),
      unit: 'MB/s',
      conditions,
    },
    {
      name: 'with sync and SHA-256 / curl and sha256sum',
      value: median(taken.curlHashed.map((time, round) => time / (taken.berthHashed[round] ?? NaN))),
      unit: 'ratio',
      conditions,
    },
  ];
}

/** Time until the last byte is on the disk, and until it is hashed and has its name. */
async function berth(
  folder: string,
  url: string,
  signal: AbortSignal,
): Promise<{transferMs: number; wholeMs: number}> {
  const store = openWeightsStore({
    folder,
    // Nobody listens on port 9.
    env: {HF_ENDPOINT: url, MODELSCOPE_ENDPOINT: 'http://127.0.0.1:9'},
    clock: systemClock,
  });
  const started = performance.now();
  let transferMs = Number.NaN;
  await store.ensure(model, variant, {
    signal,
    progress: ({id, status}) => {
      if (id === 'weights/download' && status === 'done') transferMs = performance.now() - started;
    },
  });
  const wholeMs = performance.now() - started;
  await store.remove(model, variant);
  return {transferMs, wholeMs};
}
