import {statSync} from 'node:fs';
import type {DatabaseSync, SQLInputValue, StatementSync} from 'node:sqlite';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {describeError} from '../../base/errors.ts';
import type {GatewayWindow} from '../../hosts/index.ts';
import type {WatchEvent, WatchEventKind} from '../events.ts';
import type {ProbeResult} from '../objectives/index.ts';
import type {Sample, SampledTenant} from '../sample.ts';
import {closeQuietly, isDamage, openDatabase, putAside} from './database.ts';
import {historyRow, type HistoryRow} from './history.ts';
import {
  addToMinute,
  emptyMinute,
  encodeTenants,
  joinMinutes,
  MINUTE_MS,
  minuteFrom,
  minuteOf,
  minuteRow,
  numberIn,
  probeFrom,
  probeRow,
  secondAsMinute,
  secondRow,
  useOf,
  type Minute,
  type Row,
} from './rows.ts';

const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
const KEPT_MS = {
  second: 2 * DAY_MS,
  minute: 30 * DAY_MS,
  event: 30 * DAY_MS,
  probe: 3 * DAY_MS,
  day: 400 * DAY_MS,
};
/** Rows removed at once: what an old store has too many of goes bit by bit. */
const PRUNED_AT_ONCE = 2000;
/** Samples that wait for a disk that takes none; the oldest are given up first. */
const MOST_WAITING = 900;
/** Seconds are told one by one for no longer than this; beyond, a step is a minute at least. */
const LONGEST_SECONDS_MS = 2 * HOUR_MS;
/** For so long a look at the tenants tells of the seconds after it; the next comes sooner. */
const LOOKED_AT_MS = 15_000;
/** Rows read in one turn of the event loop. */
const ONE_TURN = 240;

export interface StoreOptions {
  path: string;
  /** Something happened to the store itself. */
  tell: (event: WatchEvent) => void;
  now: () => number;
}

interface Waiting {
  sample: Sample;
  window: GatewayWindow | undefined;
}

/**
 * The past of a device in one SQLite file: seconds for two days, minutes for thirty. What cannot be written waits in
 * memory; a damaged file is put aside and a new one begun. It throws for neither.
 */
export class Store implements Disposable {
  readonly #options: StoreOptions;
  readonly #tenantIds = new Map<string, number>();
  #db: DatabaseSync | undefined;
  #waiting: Waiting[] = [];
  #events: WatchEvent[] = [];
  #probes: ProbeResult[] = [];
  #minute: Minute | undefined;
  #tenantsWritten = 0;
  #problem: string | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#try(() => undefined);
  }

  /** Why nothing can be written just now; undefined when all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return ['', '-wal'].reduce((sum, part) => sum + sizeOf(`${this.#options.path}${part}`), 0);
  }

  append(sample: Sample, window: GatewayWindow | undefined): void {
    this.#waiting.push({sample, window});
    this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
  }

  note(events: readonly WatchEvent[]): void {
    this.#events.push(...events);
    this.#events.splice(0, this.#events.length - MOST_WAITING);
  }

  noteProbe(probe: ProbeResult): void {
    this.#probes.push(probe);
    this.#probes.splice(0, this.#probes.length - MOST_WAITING);
  }

  /** Writes what waits, and removes what is too old. */
  flush(): void {
    if (this.#waiting.length + this.#events.length + this.#probes.length === 0) return;
    this.#try((db) => {
      db.exec('BEGIN IMMEDIATE');
      try {
        this.#write(db);
        this.#prune(db);
        db.exec('COMMIT');
      } catch (error) {
        // Gathered again from what is in the file, together with what waits.
        this.#minute = undefined;
        this.#tenantIds.clear();
        this.#tenantsWritten = 0;
        rollBack(db);
        throw error;
      }
      this.#waiting = [];
      this.#events = [];
      this.#probes = [];
    });
  }

  /** Rows of `stepMs` between two times, the oldest first; the step is longer where so many were not kept. */
  async history(
    sinceMs: number,
    untilMs: number,
    stepMs: number,
  ): Promise<{stepMs: number; rows: HistoryRow[]}> {
    this.flush();
    const seconds = stepMs < MINUTE_MS && untilMs - sinceMs <= LONGEST_SECONDS_MS;
    const unit = seconds ? 1000 : MINUTE_MS;
    const step = Math.max(1, Math.round(stepMs / unit)) * unit;
    const spans = new Map<number, Minute>();
    let held: Minute | undefined;
    await this.#each(seconds ? 'second' : 'minute', sinceMs, untilMs, (row) => {
      const span = seconds ? secondAsMinute(row) : minuteFrom(row);
      if (row.tenants !== null) held = span;
      // Who holds what is looked at every few seconds, and written only then.
      else if (held && span.at - held.at <= LOOKED_AT_MS) span.tenants = new Map(held.tenants);
      const at = Math.floor(span.at / step) * step;
      const before = spans.get(at);
      if (before) joinMinutes(before, span);
      else spans.set(at, {...span, at});
    });
    const keys = new Map([...this.#allTenants()].map(([id, {key}]) => [id, key]));
    return {stepMs: step, rows: [...spans.values()].map((span) => historyRow(span, keys))};
  }

  /** Every minute between two times, the oldest first: what burn rates are made of. */
  async minutes(sinceMs: number, untilMs: number, take: (minute: Minute) => void): Promise<void> {
    this.flush();
    await this.#each('minute', sinceMs, untilMs, (row) => take(minuteFrom(row)));
  }

  /** What the watch met when it asked by itself, the oldest first. */
  probes(sinceMs: number): ProbeResult[] {
    this.flush();
    return this.#query('SELECT * FROM probe WHERE at >= ? ORDER BY at', sinceMs).map(probeFrom);
  }

  /** The newest first. */
  events(sinceMs: number, kinds?: readonly WatchEventKind[], most = 1000): WatchEvent[] {
    this.flush();
    const found = this.#query(
      `SELECT * FROM event WHERE at >= ? ${kinds ? `AND kind IN (${kinds.map(() => '?').join(',')})` : ''}
       ORDER BY at DESC, id DESC LIMIT ?`,
      sinceMs,
      ...(kinds ?? []),
      most,
    );
    return found.map((row) => ({
      atMs: numberIn(row, 'at'),
      kind: row.kind as WatchEventKind,
      ...(typeof row.tenant === 'string' && {tenant: row.tenant}),
      text: String(row.text),
      numbers: JSON.parse(String(row.numbers)) as WatchEvent['numbers'],
    }));
  }

  /** The most that each tenant held on each day (UTC), the oldest first. */
  peaks(days: number): {dayMs: number; peaks: Record<string, number>}[] {
    this.flush();
    const tenants = this.#allTenants();
    const first = Math.floor(this.#options.now() / DAY_MS) - days + 1;
    const rows = this.#query('SELECT * FROM day WHERE day >= ? ORDER BY day', first);
    return [...Map.groupBy(rows, (row) => numberIn(row, 'day'))].map(([day, ofDay]) => ({
      dayMs: day * DAY_MS,
      peaks: Object.fromEntries(
        ofDay.flatMap((row) => {
          const tenant = tenants.get(numberIn(row, 'tenant'));
          return tenant ? [[tenant.key, numberIn(row, 'used') * 1024]] : [];
        }),
      ),
    }));
  }

  [Symbol.dispose](): void {
    this.flush();
    if (this.#db) closeQuietly(this.#db);
    this.#db = undefined;
  }

  #write(db: DatabaseSync): void {
    const second = insert(db, 'second', 24);
    for (const {sample, window} of this.#waiting) {
      const uses = sample.tenants.map((one) => useOf(this.#tenantId(db, one, sample.atMs), one));
      // Who holds what changes when processes are looked at; between two looks it need not be told again.
      const news = sample.tenantsSeenAtMs !== this.#tenantsWritten;
      this.#tenantsWritten = sample.tenantsSeenAtMs;
      second.run(...secondRow(sample, window, news ? encodeTenants(uses) : null));
      const at = minuteOf(sample.atMs);
      if (this.#minute?.at !== at) {
        this.#writeMinute(db);
        this.#minute = this.#readMinute(db, at);
      }
      addToMinute(this.#minute, sample, window, uses);
    }
    this.#writeMinute(db);
    const event = db.prepare('INSERT INTO event (at, kind, tenant, text, numbers) VALUES (?, ?, ?, ?, ?)');
    for (const {atMs, kind, tenant, text, numbers} of this.#events)
      event.run(atMs, kind, tenant ?? null, text, JSON.stringify(numbers));
    for (const probe of this.#probes) insert(db, 'probe', 5).run(...probeRow(probe));
  }

  #writeMinute(db: DatabaseSync): void {
    const minute = this.#minute;
    if (!minute) return;
    insert(db, 'minute', 28).run(...minuteRow(minute));
    const day = db.prepare(
      'INSERT INTO day VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET used = max(used, excluded.used)',
    );
    for (const {id, usedKib} of minute.tenants.values()) day.run(Math.floor(minute.at / DAY_MS), id, usedKib);
  }

  /** A minute that was begun before, by an earlier run or because the clock was moved back, goes on. */
  #readMinute(db: DatabaseSync, at: number): Minute {
    const row = db.prepare('SELECT * FROM minute WHERE at = ?').get(at);
    return row ? minuteFrom(row) : emptyMinute(at);
  }

  #tenantId(db: DatabaseSync, {key, kind, name}: SampledTenant, atMs: number): number {
    const known = this.#tenantIds.get(key);
    if (known !== undefined) return known;
    const row = db
      .prepare(
        `INSERT INTO tenant (key, kind, name, seen) VALUES (?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET name = excluded.name, seen = excluded.seen RETURNING id`,
      )
      .get(key, kind, name, atMs);
    const id = Number(row?.id);
    this.#tenantIds.set(key, id);
    return id;
  }

  #prune(db: DatabaseSync): void {
    const now = this.#options.now();
    for (const table of ['second', 'minute'] as const) {
      const row = db.prepare(`SELECT min(at) AS oldest FROM ${table}`).get();
      const oldest = Number(row?.oldest ?? now);
      const step = table === 'second' ? 1000 : MINUTE_MS;
      const before = Math.min(now - KEPT_MS[table], oldest + PRUNED_AT_ONCE * step);
      db.prepare(`DELETE FROM ${table} WHERE at < ?`).run(before);
    }
    db.prepare('DELETE FROM event WHERE at < ?').run(now - KEPT_MS.event);
    db.prepare('DELETE FROM probe WHERE at < ?').run(now - KEPT_MS.probe);
    db.prepare('DELETE FROM day WHERE day < ?').run(Math.floor((now - KEPT_MS.day) / DAY_MS));
  }

  #allTenants(): Map<number, {key: string}> {
    return new Map(
      this.#query('SELECT id, key FROM tenant').map((row) => [numberIn(row, 'id'), {key: String(row.key)}]),
    );
  }

  /** Every row between two times, with a rest for the event loop now and then. */
  async #each(
    table: 'second' | 'minute',
    sinceMs: number,
    untilMs: number,
    take: (row: Row) => void,
  ): Promise<void> {
    for (let from = sinceMs; ;) {
      const rows = this.#query(
        `SELECT * FROM ${table} WHERE at >= ? AND at < ? ORDER BY at LIMIT ?`,
        from,
        untilMs,
        ONE_TURN,
      );
      for (const row of rows) take(row);
      const last = rows.at(-1);
      if (!last || rows.length < ONE_TURN) return;
      from = numberIn(last, 'at') + 1;
      await nextTurn();
    }
  }

  #query(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#try((db) => db.prepare(sql).all(...values)) ?? [];
  }

  /** Does it with the file, opening it where it is not open. Undefined when that could not be. */
  #try<T>(work: (db: DatabaseSync) => T): T | undefined {
    try {
      this.#db ??= openDatabase(this.#options.path);
      const done = work(this.#db);
      this.#problem = undefined;
      return done;
    } catch (error) {
      this.#problem = describeError(error);
      if (isDamage(error)) this.#recover(error);
      return undefined;
    }
  }

  #recover(cause: unknown): void {
    if (this.#db) closeQuietly(this.#db);
    this.#db = undefined;
    this.#minute = undefined;
    this.#tenantIds.clear();
    const {path, tell, now} = this.#options;
    try {
      const aside = putAside(path);
      this.#db = openDatabase(path);
      this.#problem = undefined;
      const reason = describeError(cause);
      const text = `The store was damaged and is begun anew; the old one is ${aside}.`;
      tell({atMs: now(), kind: 'store-recovered', text, numbers: {reason, aside}});
    } catch (error) {
      this.#problem = describeError(error);
    }
  }
}

const insert = (db: DatabaseSync, table: string, columns: number): StatementSync =>
  db.prepare(
    `INSERT OR REPLACE INTO ${table} VALUES (${Array.from({length: columns}, () => '?').join(',')})`,
  );

function rollBack(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
  } catch {
    // A file that is damaged cannot do even that; what made us come here is told.
  }
}

function sizeOf(path: string): number {
  return statSync(path, {throwIfNoEntry: false})?.size ?? 0;
}
