import {closeSync, openSync, readdirSync, readSync} from 'node:fs';
import {join} from 'node:path';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {bytes, mib} from '../../base/units.ts';
import {parseSizes, parseStat, type ProcStat} from './proc-text.ts';
import {
  describe,
  openMachine,
  procFile,
  TICKS_PER_SECOND,
  type Described,
  type Machine,
  type SeenProcess,
} from './processes.ts';
import type {ProcessMemory} from './share-out.ts';

const PAGE = 4096;
/** A smaller process is worth no walk over its pages: its own are counted, its share of common ones is not. */
const WALKED_FROM = mib(16);
/** Its share of pages that others have too is walked again when those have changed by so much. */
const CHANGED_BY = mib(16);
const CHANGED_PART = 1 / 8;
/** Large ones are walked again after this time in any case: others may have come to share their pages. */
const OLD_MS = 10 * 60_000;
const OLD_FROM = mib(64);
/** In a look at newcomers, smaller ones wait for the next look at all: most are gone by then. */
const NOTICED_FROM = mib(8);
/** One that may be gone in a moment is worth no walk. */
const SETTLED_MS = 3000;
/** Walks in one look: each holds up its process for as long as it takes. */
const WALKS = 4;
/** A program that has just been started still changes its name and its user. */
const YOUNG_MS = 10_000;
/** Processes read in one turn of the event loop: about a millisecond. */
const ONE_TURN = 64;

/** What the last walk over a process's pages told, and what it held of each kind then. */
interface Walk {
  share: number;
  shareOfFiles: number;
  own: number;
  common: number;
  at: number;
}

interface Known {
  stat: ProcStat;
  own: number;
  common: number;
  described: Described | undefined;
  describedAt: number;
  walk: Walk | 'private' | undefined;
}

/**
 * The processes of a Linux machine, looked at again and again. One look at all of them costs a few microseconds a
 * process: /proc/PID/stat and statm, which take no lock of the process. What is dear or does not change is read once:
 * who it is, and, by a walk over its pages (smaps_rollup), its share of pages that others have too. What it holds is
 * that share as last walked, moved by what its own pages have changed since.
 */
export class ProcessFollower {
  readonly #root: string;
  readonly #known = new Map<number, Known>();
  /** Threads of the kernel: they hold nothing, and do not change. */
  readonly #kernel = new Set<number>();
  readonly #buffer = Buffer.alloc(PAGE);
  #machine: Machine | undefined;
  #seen: readonly SeenProcess[] | undefined;

  /** `root` stands for `/`. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Those that hold memory, as last looked at, by PID. */
  get processes(): readonly SeenProcess[] {
    return (this.#seen ??= this.#list());
  }

  #list(): SeenProcess[] {
    const seen: SeenProcess[] = [];
    for (const known of this.#known.values()) {
      const {described, stat} = known;
      if (!described) continue;
      const memory = memoryOf(known);
      const {facts, group} = described;
      const cpuMs = (stat.cpuTicks / TICKS_PER_SECOND) * 1000;
      seen.push({
        memory,
        group,
        reading: {...facts, parentPid: stat.parentPid, cpuMs, usedBytes: bytes(memory.usedBytes)},
      });
    }
    return seen.sort((a, b) => a.reading.pid - b.reading.pid);
  }

  /** Looks at those that came and went since the last look, and at all others too with `all`. `now` in milliseconds. */
  async look(all: boolean, now: number): Promise<void> {
    this.#machine ??= await openMachine(this.#root);
    const pids = this.#pids();
    const present = new Set(pids);
    for (const pid of this.#known.keys()) if (!present.has(pid)) this.#known.delete(pid);
    for (const pid of this.#kernel) if (!present.has(pid)) this.#kernel.delete(pid);
    const wanted = pids.filter((pid) => !this.#kernel.has(pid) && (all || !this.#known.has(pid)));
    for (const [at, pid] of wanted.entries()) {
      if (at > 0 && at % ONE_TURN === 0) await nextTurn();
      this.#lookAt(pid);
    }
    await this.#describe(all, now);
    if (all) await this.#walk(now);
    this.#seen = undefined;
  }

  #pids(): number[] {
    return readdirSync(join(this.#root, 'proc')).flatMap((name) => {
      const first = name.charCodeAt(0);
      return first >= 0x30 && first <= 0x39 ? [Number(name)] : [];
    });
  }

  #lookAt(pid: number): void {
    const text = this.#read(pid, 'stat');
    const stat = text === undefined ? undefined : parseStat(text);
    // Gone, or a zombie, which holds no pages of its own.
    if (!stat || stat.residentPages === 0) {
      this.#known.delete(pid);
      if (stat && (pid === 2 || stat.parentPid === 2)) this.#kernel.add(pid);
      return;
    }
    const before = this.#known.get(pid);
    const same = before?.stat.startTicks === stat.startTicks && before.stat.name === stat.name;
    const unchanged = same && before.stat.residentPages === stat.residentPages;
    const {own, common} = unchanged ? before : this.#pages(pid, stat);
    this.#known.set(pid, {
      ...{stat, own, common},
      described: same ? before.described : undefined,
      describedAt: same ? before.describedAt : 0,
      walk: same ? before.walk : undefined,
    });
  }

  /** proc_pid_statm(5): size, resident, shared (files and shared memory), in pages. */
  #pages(pid: number, stat: ProcStat): {own: number; common: number} {
    const [, resident = stat.residentPages, common = 0] = (this.#read(pid, 'statm') ?? '')
      .split(' ')
      .map(Number);
    return {own: Math.max(0, resident - common) * PAGE, common: common * PAGE};
  }

  /** Read at once and not by libuv's threads: these two files never wait, and a thread costs ten times as much. */
  #read(pid: number, file: 'stat' | 'statm'): string | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(`${this.#root}/proc/${pid}/${file}`, 'r');
      return this.#buffer.toString('latin1', 0, readSync(descriptor, this.#buffer));
    } catch {
      // Processes end at any moment.
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  async #describe(all: boolean, now: number): Promise<void> {
    const machine = this.#machine;
    if (!machine) return;
    for (const [pid, known] of this.#known) {
      const startedAt = this.#startOf(known);
      const wasYoung = known.describedAt - startedAt < YOUNG_MS && now - startedAt > YOUNG_MS;
      if (known.described ? !wasYoung : !all && sizeOf(known) < NOTICED_FROM) continue;
      const described = await describe(pid, known.stat, machine);
      if (described) Object.assign(known, {described, describedAt: now});
      else this.#known.delete(pid);
    }
  }

  /** Milliseconds since the epoch. */
  #startOf({stat}: Known): number {
    return (this.#machine?.bootedAt ?? 0) + (stat.startTicks / TICKS_PER_SECOND) * 1000;
  }

  async #walk(now: number): Promise<void> {
    const settled = now - SETTLED_MS;
    const due = [...this.#known].filter(
      ([, known]) => this.#startOf(known) < settled && wantsWalk(known, now),
    );
    // Those that were never walked first, the largest of them before all.
    due.sort(
      ([, a], [, b]) => Number(a.walk !== undefined) - Number(b.walk !== undefined) || sizeOf(b) - sizeOf(a),
    );
    for (const [pid, known] of due.slice(0, WALKS)) {
      const text = await procFile(join(this.#root, 'proc', String(pid), 'smaps_rollup'));
      const sizes = parseSizes(text ?? '');
      const share = sizes.get('Pss');
      // It may have grown or shrunk since it was looked at: what moves from here on is counted against this moment.
      Object.assign(known, this.#pages(pid, known.stat));
      known.walk =
        share === undefined
          ? 'private'
          : {
              share,
              // Pss_File came with Linux 5.9. Before it, common pages bound it from above.
              shareOfFiles: sizes.get('Pss_File') ?? Math.min(share, known.common),
              own: known.own,
              common: known.common,
              at: now,
            };
    }
  }
}

const sizeOf = ({own, common}: Known): number => own + common;

function wantsWalk(known: Known, now: number): boolean {
  const {walk, common} = known;
  if (walk === 'private') return false;
  const size = sizeOf(known);
  if (walk === undefined) return size >= WALKED_FROM;
  const changed = Math.abs(common - walk.common);
  if (changed >= Math.max(CHANGED_BY, walk.common * CHANGED_PART)) return true;
  return size >= OLD_FROM && now - walk.at >= OLD_MS;
}

function memoryOf({own, common, walk}: Known): ProcessMemory {
  // Another user's: its pages may not be walked, and its resident size counts common pages whole.
  if (walk === 'private') return {usedBytes: own + common, fileBytes: common, exact: false};
  if (walk === undefined) return {usedBytes: own, fileBytes: 0, exact: true};
  const usedBytes = Math.min(own + common, Math.max(0, walk.share + own - walk.own));
  return {usedBytes, fileBytes: Math.min(walk.shareOfFiles, common), exact: true};
}
