import type {DatabaseSync} from 'node:sqlite';

/**
 * One entry a version of the store; a file of an older version is brought up to date by those that follow.
 * Bytes are kept as KiB, spans as microseconds, ratios and rates as thousandths: small whole numbers take few bytes.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE second (
    at INTEGER PRIMARY KEY,
    total INTEGER, used INTEGER, free INTEGER, util INTEGER, temperature INTEGER, power INTEGER,
    running INTEGER, queued INTEGER, held INTEGER, tokens INTEGER, ok INTEGER, errors INTEGER, faults INTEGER, left INTEGER,
    ttft50 INTEGER, ttft99 INTEGER, ttftMax INTEGER, ttftCount INTEGER,
    tpot50 INTEGER, tpot99 INTEGER, tpotMax INTEGER, tpotCount INTEGER,
    tenants BLOB
  );
  CREATE TABLE minute (
    at INTEGER PRIMARY KEY, samples INTEGER, seen INTEGER, asked INTEGER,
    total INTEGER, usedMin INTEGER, usedSum INTEGER, usedMax INTEGER, freeMin INTEGER, freeSum INTEGER, freeMax INTEGER,
    utilSum INTEGER, utilMax INTEGER, temperatureMax INTEGER, powerSum INTEGER, powerMax INTEGER,
    runningSum INTEGER, runningMax INTEGER, queuedMax INTEGER, heldMax INTEGER,
    tokens INTEGER, ok INTEGER, errors INTEGER, faults INTEGER, left INTEGER,
    ttft BLOB, tpot BLOB, tenants BLOB
  );
  CREATE TABLE tenant (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, seen INTEGER NOT NULL);
  CREATE TABLE day (day INTEGER, tenant INTEGER, used INTEGER, PRIMARY KEY (day, tenant)) WITHOUT ROWID;
  CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, tenant TEXT, text TEXT NOT NULL, numbers TEXT NOT NULL);
  CREATE INDEX event_at ON event (at);
  `,
  `
  CREATE TABLE probe (at INTEGER PRIMARY KEY, ok INTEGER NOT NULL, ttft INTEGER, tpot INTEGER, more INTEGER NOT NULL);
  `,
];

/** Brings the file up to date. Throws where it is of a newer version than this program. */
export function migrate(db: DatabaseSync): void {
  const row = db.prepare('PRAGMA user_version').get();
  const version = Number(row?.user_version ?? 0);
  if (version > MIGRATIONS.length) throw new NewerStore(version);
  for (const [at, statements] of MIGRATIONS.entries()) {
    if (at < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${statements} PRAGMA user_version = ${at + 1}; COMMIT;`);
  }
}

/** A later version of Berth wrote it: it is put aside whole, since nothing in it is known to mean what it did. */
export class NewerStore extends Error {
  constructor(version: number) {
    super(`the store is of version ${version}, this program knows ${MIGRATIONS.length}`);
    this.name = 'NewerStore';
  }
}
