import {mkdir, readFile, rmdir, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {describe, expect, it} from 'vitest';
import {Store, type WatchEvent} from '../../../src/monitor/index.ts';
import {sampleAt, windowOf} from '../../support/sample.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const GIB = 1024 ** 3;
/** Midnight UTC of some day. */
const DAY = Date.UTC(2026, 0, 5);

async function world() {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'watch.db');
  const told: WatchEvent[] = [];
  let nowMs = DAY;
  const open = (): Store => new Store({path, tell: (event) => void told.push(event), now: () => nowMs});
  return {
    ...{path, told, open},
    at: (ms: number) => void (nowMs = ms),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('the store', () => {
  it('counts nothing twice when a write fails halfway and is done again', async () => {
    await using disk = await world();
    using store = disk.open();
    store.flush();
    using other = new DatabaseSync(disk.path);
    other.exec(`CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'full'); END`);
    const write = (second: number): void => {
      const at = DAY + second * 1000;
      store.append(sampleAt(at, windowOf(1, 10), {}), windowOf(1, 10));
      store.flush();
    };
    store.note([{atMs: DAY, kind: 'device-back', text: 'It answers.', numbers: {}}]);
    for (let second = 0; second < 3; second++) write(second);
    expect(store.problem).toContain('full');
    other.exec('DROP TRIGGER full');
    write(3);
    expect(store.problem).toBeUndefined();
    const {rows} = await store.history(DAY, DAY + 60_000, 60_000);
    expect(rows.map(({gateway}) => gateway?.requests.ok)).toEqual([4]);
    expect(store.events(DAY)).toHaveLength(1);
  });

  it('tells minutes as they were: least, mean and most, quantiles of all, and who held most', async () => {
    await using disk = await world();
    using store = disk.open();
    for (let second = 0; second < 120; second++) {
      const at = DAY + second * 1000;
      disk.at(at);
      store.append(
        sampleAt(at, windowOf(second < 60 ? 1 : 2, second === 30 ? 80 : 10), {
          blender: second < 60 ? GIB : 3 * GIB,
        }),
        windowOf(second < 60 ? 1 : 2, second === 30 ? 80 : 10),
      );
      if (second % 5 === 4) store.flush();
    }
    const {stepMs, rows} = await store.history(DAY, DAY + 120_000, 60_000);
    expect(stepMs).toBe(60_000);
    expect(rows.map(({atMs}) => atMs)).toEqual([DAY, DAY + 60_000]);
    const [first, second] = rows;
    expect(first?.usedBytes).toEqual({min: 7 * GIB, mean: 7 * GIB, max: 7 * GIB});
    expect(second?.usedBytes?.max).toBe(9 * GIB);
    expect(first?.tenants).toEqual({
      model: {usedBytes: 6 * GIB, cpuRatio: 0.5},
      'host:ana blender': {usedBytes: GIB, cpuRatio: 0},
    });
    expect(first?.gateway).toMatchObject({requests: {ok: 60}, tokensPerSecond: 20, errorRatio: 0});
    expect(first?.gateway?.tpotMs?.p50).toBeCloseTo(10, 0);
    expect(first?.gateway?.tpotMs?.max).toBeGreaterThan(79);
    expect(second?.gateway?.tpotMs?.max).toBeLessThan(11);
    const fine = await store.history(DAY, DAY + 60_000, 20_400);
    expect(fine.stepMs).toBe(20_000);
    expect(fine.rows.map(({gateway}) => gateway?.requests.ok)).toEqual([20, 20, 20]);
    expect(fine.rows.map(({gateway}) => (gateway?.tpotMs?.max ?? 0) > 79)).toEqual([false, true, false]);
    const each = await store.history(DAY, DAY + 60_000, 1000);
    expect(each.rows.map(({tenants}) => tenants.model?.usedBytes)).toEqual(
      Array.from({length: 60}, () => 6 * GIB),
    );
    const both = await store.history(DAY, DAY + 120_000, 120_000);
    expect(both.rows).toHaveLength(1);
    expect(both.rows[0]?.usedBytes).toEqual({min: 7 * GIB, mean: 8 * GIB, max: 9 * GIB});
    expect(both.rows[0]?.gateway?.requests.ok).toBe(180);
    const seconds = await store.history(DAY + 10_000, DAY + 13_000, 1000);
    expect(seconds.rows.map(({atMs}) => atMs - DAY)).toEqual([10_000, 11_000, 12_000]);
    expect(seconds.rows[0]?.gateway?.ttftMs?.p50).toBeCloseTo(50, 0);
    expect(store.peaks(1)).toEqual([{dayMs: DAY, peaks: {model: 6 * GIB, 'host:ana blender': 3 * GIB}}]);
    const asked: number[] = [];
    await store.minutes(DAY, DAY + 120_000, ({ok}) => asked.push(ok));
    expect(asked).toEqual([60, 120]);
  });

  it('goes on with a minute that an earlier run had begun, also when that one was killed', async () => {
    await using disk = await world();
    const killed = disk.open();
    killed.append(sampleAt(DAY, windowOf(1)), windowOf(1));
    killed.flush();
    // As after a kill: the file is not closed, and what was not flushed is lost.
    killed.append(sampleAt(DAY + 1000, windowOf(1)), windowOf(1));
    using store = disk.open();
    store.append(sampleAt(DAY + 2000, windowOf(1)), windowOf(1));
    const {rows} = await store.history(DAY, DAY + 60_000, 60_000);
    expect(rows[0]?.gateway?.requests.ok).toBe(2);
    expect(disk.told).toEqual([]);
  });

  it('keeps what the watch asked by itself for three days, also in a file of the version before', async () => {
    await using disk = await world();
    const first = disk.open();
    first.append(sampleAt(DAY, windowOf(1)), windowOf(1));
    first[Symbol.dispose]();
    const older = new DatabaseSync(disk.path);
    older.exec('DROP TABLE probe; PRAGMA user_version = 1');
    older.close();
    const probes = [
      {atMs: DAY, ok: true, ttftMs: 12.5, tpotMs: 3.25, more: 3},
      {atMs: DAY + 60_000, ok: false, more: 0},
    ];
    const second = disk.open();
    for (const probe of probes) second.noteProbe(probe);
    second[Symbol.dispose]();
    using store = disk.open();
    expect(store.probes(DAY)).toEqual(probes);
    expect(store.probes(DAY + 1)).toEqual(probes.slice(1));
    expect((await store.history(DAY, DAY + 60_000, 60_000)).rows[0]?.gateway?.requests.ok).toBe(1);
    expect(disk.told).toEqual([]);
    disk.at(DAY + 3 * 86_400_000 + 1000);
    store.noteProbe({atMs: DAY + 3 * 86_400_000, ok: true, more: 0});
    expect(store.probes(0).map(({atMs}) => atMs - DAY)).toEqual([60_000, 3 * 86_400_000]);
  });

  it('forgets seconds after two days, minutes and events after thirty', async () => {
    await using disk = await world();
    using store = disk.open();
    store.append(sampleAt(DAY, undefined), undefined);
    store.note([{atMs: DAY, kind: 'xid', text: 'XID 79', numbers: {code: 79}}]);
    store.flush();
    const later = async (days: number): Promise<[number, number, number]> => {
      const at = DAY + days * 86_400_000;
      disk.at(at);
      store.append(sampleAt(at, undefined), undefined);
      store.flush();
      const seconds = await store.history(DAY, DAY + 1000, 1000);
      const minutes = await store.history(DAY, DAY + 1000, 60_000);
      return [seconds.rows.length, minutes.rows.length, store.events(0).length];
    };
    expect(await later(1.9)).toEqual([1, 1, 1]);
    expect(await later(2.1)).toEqual([0, 1, 1]);
    expect(await later(30.1)).toEqual([0, 0, 0]);
  });

  it('puts a damaged file aside, begins a new one, and says so', async () => {
    await using disk = await world();
    {
      using store = disk.open();
      for (let second = 0; second < 500; second++)
        store.append(sampleAt(DAY + second * 1000, windowOf(1)), windowOf(1));
    }
    const whole = await readFile(disk.path);
    const damaged = [
      Buffer.from('no database'),
      whole.subarray(0, whole.length / 2),
      Buffer.from(whole).fill(7, 4096),
    ];
    for (const content of damaged) {
      await writeFile(disk.path, content);
      using store = disk.open();
      store.append(sampleAt(DAY, windowOf(1)), windowOf(1));
      const {rows} = await store.history(DAY, DAY + 60_000, 60_000);
      expect(rows[0]?.gateway?.requests.ok).toBe(1);
      expect(store.problem).toBeUndefined();
      expect((await readFile(`${disk.path}.damaged`)).equals(content)).toBe(true);
    }
    expect(disk.told.map(({kind}) => kind)).toEqual(damaged.map(() => 'store-recovered'));
  });

  it('does not touch what a later version wrote', async () => {
    await using disk = await world();
    {
      using db = new DatabaseSync(disk.path);
      db.exec('PRAGMA user_version = 99; CREATE TABLE later (x)');
    }
    using store = disk.open();
    store.append(sampleAt(DAY, undefined), undefined);
    expect((await store.history(DAY, DAY + 60_000, 60_000)).rows).toHaveLength(1);
    using old = new DatabaseSync(`${disk.path}.damaged`);
    expect(old.prepare('PRAGMA user_version').get()).toEqual({user_version: 99});
  });

  it('goes on in memory where nothing can be written, says why, and writes it all when it can again', async () => {
    await using disk = await world();
    // A folder in the place of the file: nothing can be opened there, whoever asks.
    await mkdir(disk.path);
    using store = disk.open();
    for (let second = 0; second < 10; second++)
      store.append(sampleAt(DAY + second * 1000, windowOf(1)), windowOf(1));
    store.flush();
    expect(store.problem).toMatch(/unable to open/);
    expect((await store.history(DAY, DAY + 60_000, 60_000)).rows).toEqual([]);
    await rmdir(disk.path);
    store.flush();
    expect(store.problem).toBeUndefined();
    const {rows} = await store.history(DAY, DAY + 60_000, 60_000);
    expect(rows[0]?.gateway?.requests.ok).toBe(10);
    expect((await stat(disk.path)).size).toBeGreaterThan(0);
  });
});
