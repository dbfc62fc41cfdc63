import {spawn, type ChildProcess} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {Store} from '../../src/monitor/index.ts';
import {sampleAt, windowOf} from '../support/sample.ts';
import {CARD, cardDouble, startWatch} from '../support/watch.ts';
import {quantile, type Bench, type Figure} from './harness.ts';

const DAY_MS = 86_400_000;
const DAYS = 30;
const ROUNDS = 7;
const MEASURED_MS = 60_000;
const NEIGHBOURS = 30;

/** What the watch takes of the machine, what its past takes of the disk, and how soon that can be told. */
const watch: Bench = {
  name: 'watch',
  run: async (signal) => [...(await past(signal)), ...(await atWork(signal)), await whileItHangs(signal)],
};
export default watch;

/** Thirty days as they would have been written: the last two of them second by second. */
async function past(signal: AbortSignal): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-watch-'));
  try {
    const end = Date.UTC(2026, 0, 31);
    let now = end - DAYS * DAY_MS;
    using store = new Store({
      path: join(folder, 'watch.db'),
      now: () => now,
      tell: ({text}) => console.error(text),
    });
    for (let count = 0; now < end; count++) {
      // A wave of traffic by day, and noise that is the same in each run.
      const noise = (Math.sin(count * 12.9898) * 43_758.5453) % 1;
      const busy = Math.max(
        0,
        Math.round(2 * Math.sin(((now % DAY_MS) / DAY_MS) * 2 * Math.PI) + 2 * Math.abs(noise)),
      );
      const window = windowOf(busy, 8 + 4 * Math.abs(noise), 40 + 400 * noise ** 2);
      const neighbours = Object.fromEntries(
        Array.from({length: 8}, (_, at) => [`program-${at}`, 2 ** 28 * (at + 1) * (1 + 0.1 * noise)]),
      );
      store.append(sampleAt(now, window, neighbours), window);
      if (count % 30 === 29) store.flush();
      if (count % 10_000 === 0) {
        signal.throwIfAborted();
        await delay(1);
      }
      now += end - now > 2 * DAY_MS ? 15_000 : 1000;
    }
    store.flush();
    const taken: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      const {rows} = await store.history(end - DAY_MS, end, 60_000);
      taken.push(performance.now() - started);
      if (rows.length !== 1440) throw new Error(`${rows.length} rows`);
    }
    const conditions = `${DAYS} days generated, the last two by the second; 8 neighbours, traffic by day, spans spread`;
    return [
      {name: 'history of 30 days', value: store.bytes / 1e6, unit: 'MB', goal: {atMost: 50}, conditions},
      {
        name: '24 h of history by the minute',
        value: quantile(taken, 0.5),
        unit: 'ms',
        goal: {atMost: 50},
        conditions: `1440 rows with quantiles and tenants, median of ${ROUNDS}`,
      },
    ];
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

/** CPU and memory of the program itself, on this machine's own processes and thirty more. */
async function atWork(signal: AbortSignal): Promise<Figure[]> {
  const neighbours: ChildProcess[] = Array.from({length: NEIGHBOURS}, () =>
    spawn('sleep', ['600'], {stdio: 'ignore'}),
  );
  try {
    // The first start fills the compile cache, which a deployment's gateway has filled as well.
    await using cache = await startWatch({device: 'cpu'});
    await delay(6000, undefined, {signal});
    await cache.leave();
    await using running = await startWatch({device: 'cpu', stateFolder: cache.stateFolder});
    await delay(15_000, undefined, {signal});
    const before = await cpuSeconds(running.pid);
    const started = performance.now();
    await delay(MEASURED_MS, undefined, {signal});
    const spent = (await cpuSeconds(running.pid)) - before;
    const {health} = await running.ask({ask: 'now'});
    const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).length;
    const conditions = `1 Hz for a minute, ${processes} processes on the machine, 30 of them started for this`;
    return [
      {
        name: 'CPU of the watch',
        value: (spent / ((performance.now() - started) / 1000)) * 100,
        unit: '% of a core',
        goal: {atMost: 0.5},
        conditions,
      },
      {name: 'RSS of the watch', value: health.rssBytes / 1e6, unit: 'MB', goal: {atMost: 80}, conditions},
    ];
  } finally {
    for (const one of neighbours) one.kill('SIGKILL');
  }
}

/** How late the event loop is while the double of nvidia-smi hangs. */
async function whileItHangs(signal: AbortSignal): Promise<Figure> {
  await using card = await cardDouble();
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-watch-'));
  const file = join(folder, 'delay');
  try {
    await using running = await startWatch({
      device: CARD,
      env: {
        ...card.env,
        BERTH_LOOP_DELAY: file,
        NODE_OPTIONS: `--import=${join(import.meta.dirname, 'loop-delay.ts')}`,
      },
    });
    await card.set('fault=hang\n');
    await delay(30_000, undefined, {signal});
    await running.leave();
    return {
      name: 'event loop late while nvidia-smi hangs, p99',
      value: Number(await readFile(file, 'utf8')),
      unit: 'ms',
      goal: {atMost: 10},
      conditions: '30 s with the double of nvidia-smi hanging, looked at every 2 ms',
    };
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

/** User and system time of a process so far. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
