import type {Clock} from '../base/clock.ts';
import {BerthError, describeError} from '../base/errors.ts';
import {en} from '../base/texts/en/index.ts';
import {ms, seconds, type Duration} from '../base/units.ts';
import {isKnownXid, type Follower, type ProcessReading, type Reading, type Xid} from '../card/index.ts';
import type {GatewayWindow, Told} from '../hosts/index.ts';
import type {WatchEvent, WatchEventKind} from './events.ts';
import {figuresOf, joinWindows} from './gateway-figures.ts';
import type {Sample, SampledTenant} from './sample.ts';
import {Comings} from './comings.ts';
import {tenantsOf} from './tenants.ts';

/** All processes are looked at so often. Milliseconds. */
const LOOK_EVERY_MS = 5000;
/** The same while somebody could break a promise, a little less than a tick. */
const HURRIED_MS = 900;
/** A reading that is not there by then comes too late for its second. */
const READ_MS = 800;
/** A device that has said nothing for so long is silent. */
const SILENT_MS = 5000;
const XIDS_EVERY = seconds(10);
/** A log that could not be read is tried again after this time; that somebody has left is no reason to read it sooner. */
const XIDS_RETRY = seconds(60);
/** A wall clock that is off by more, against the monotonic one, was moved. */
const MOVED_MS = 2000;
/** What the supervisor said longer ago is not true any more. */
const TOLD_MS = 5000;

export interface SamplerOptions {
  follower: Follower;
  clock: Clock;
  watchPid: number;
  /** The leases that processes live on, by PID; asked after each look at the processes. */
  leasesIn?: (reading: Reading) => ReadonlyMap<number, string>;
  /** Names of containers: who is new is learned after each look at the processes. */
  containers?: {learn(reading: Reading): Promise<void>; of: (id: string) => string | undefined};
  /** Whether all processes are to be looked at each second. */
  hurry?: () => boolean;
  /** The kernel's log is read so often, and sooner when something is wrong; 10 s when left out. */
  xidsEvery?: Duration;
  say: (line: string) => void;
}

/** One tick: the sample, what passed the gateway for it, and what was noticed on the way. */
export interface Tick {
  /** Undefined until the device has answered for the first time. */
  sample?: Sample;
  window?: GatewayWindow;
  events: readonly WatchEvent[];
}

const NOBODY: Told = {engines: []};

/** Makes samples. Whatever the device, the kernel or the clock do, `tick` answers within a second. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #comings = new Comings();
  #told: {told: Told; at: number} | undefined;
  #windows: GatewayWindow[] = [];
  #looking: Promise<void> | undefined;
  #lookStarted = Number.NEGATIVE_INFINITY;
  #reading: {reading: Reading; at: number} | undefined;
  #pending: Promise<void> | undefined;
  #failure: unknown;
  #silent = false;
  #cpu = new Map<number, {startedMs: number; cpuMs: number}>();
  #cpuAt: number | undefined;
  #cores: ReadonlyMap<number, number> = new Map();
  #coresOf: number | undefined;
  #clocks: {wall: number; monotonic: number} | undefined;
  #xids: ReadonlySet<string> | undefined;
  /** When the kernel's log is to be read next, monotonic milliseconds. */
  #xidsDue = 0;
  #xidsAskedAt = 0;
  #askingXids = false;
  #events: WatchEvent[] = [];
  #tenants: {key: string; tenants: readonly SampledTenant[]; attributed: number} | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Hears what the supervisor says. */
  hear(told: Told): void {
    this.#told = {told, at: this.#options.clock.elapsed()};
    if (told.window) this.#windows.push(told.window);
    // A watch that was stopped for a while hears many at once.
    this.#windows.splice(0, this.#windows.length - 60);
  }

  async tick(): Promise<Tick> {
    const {clock} = this.#options;
    this.#checkClock();
    this.#look();
    this.#askXids();
    this.#read();
    await Promise.race([this.#pending, clock.sleep(ms(READ_MS))]);
    this.#judgeDevice();
    const window = joinWindows(this.#windows);
    this.#windows = [];
    const sample = this.#sample(window);
    if (sample) this.#comings.see(sample, (event) => this.#events.push(event));
    if (this.#events.some(({kind}) => kind === 'tenant-left')) this.#hastenXids(XIDS_RETRY);
    const events = this.#events;
    this.#events = [];
    return {...(sample && {sample}), ...(window && {window}), events};
  }

  get #now(): number {
    return this.#options.clock.now().getTime();
  }

  #sample(window: GatewayWindow | undefined): Sample | undefined {
    const {clock, follower} = this.#options;
    const last = this.#reading;
    if (!last) return undefined;
    const {totalBytes, usedBytes, freeBytes, reservedBytes, utilizationRatio, temperatureC, powerW} =
      last.reading;
    const told = this.#told && clock.elapsed() - this.#told.at <= TOLD_MS ? this.#told.told : NOBODY;
    this.#countCores(last.reading.processes);
    const now = this.#now;
    const ago = (at: number): number => Math.round(now - (clock.elapsed() - at));
    const tenants = this.#tenantsNow(last.reading, told);
    return {
      atMs: now,
      device: {
        ...{totalBytes, usedBytes, freeBytes, reservedBytes},
        ...(utilizationRatio !== undefined && {utilizationRatio}),
        ...(temperatureC !== undefined && {temperatureC}),
        ...(powerW !== undefined && {powerW}),
        seenAtMs: ago(last.at),
      },
      tenants,
      tenantsSeenAtMs: follower.lookedAt === undefined ? 0 : ago(follower.lookedAt),
      ...(window && {gateway: figuresOf(window)}),
    };
  }

  /** Between two looks at the processes nobody comes or goes: only what is unattributed changes. */
  #tenantsNow(reading: Reading, told: Told): readonly SampledTenant[] {
    const {watchPid, leasesIn, containers, follower} = this.#options;
    const {supervisorPid, gatewayPid, engines} = told;
    const key = JSON.stringify([follower.lookedAt, supervisorPid, gatewayPid, engines]);
    const last = this.#tenants;
    if (last?.key === key) {
      const usedBytes = reading.usedBytes - last.attributed;
      if (usedBytes >= 0)
        return last.tenants.map((one) => (one.kind === 'unattributed' ? {...one, usedBytes} : one));
    }
    const leases = leasesIn?.(reading);
    const named = containers?.of;
    const tenants = tenantsOf(reading, {told, watchPid, leases, containers: named, cores: this.#cores});
    const attributed = tenants.reduce(
      (sum, {kind, usedBytes}) => sum + (kind === 'unattributed' ? 0 : usedBytes),
      0,
    );
    this.#tenants = {key, tenants, attributed};
    return tenants;
  }

  /** Begins a reading, unless one is still under way: a device that hangs is not asked twice. */
  #read(): void {
    if (this.#pending) return;
    const {follower, clock} = this.#options;
    const done = (): void => {
      this.#pending = undefined;
    };
    this.#pending = follower.read().then(
      (reading) => {
        this.#reading = {reading, at: follower.seenAt ?? clock.elapsed()};
        this.#failure = undefined;
        done();
      },
      (error: unknown) => {
        this.#failure = error;
        done();
      },
    );
  }

  /** Begins a look at the processes when it is time for one. */
  #look(): void {
    const {follower, clock, say, hurry, containers} = this.#options;
    const now = clock.elapsed();
    const due = now - this.#lookStarted >= (hurry?.() ? HURRIED_MS : LOOK_EVERY_MS);
    if (this.#looking || !(due || follower.changed())) return;
    if (due) this.#lookStarted = now;
    const look = async (): Promise<void> => {
      await follower.look(due ? 'all' : 'new');
      await containers?.learn(await follower.read());
      // Somebody may have a name by now.
      this.#tenants = undefined;
    };
    this.#looking = look()
      .catch((error: unknown) => {
        // A device that fails says so in its reading as well, and that is told; this is the detail.
        if (!(error instanceof BerthError)) say(`processes: ${describeError(error)}`);
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** Cores in use by each process between the last two looks at all of them. */
  #countCores(processes: readonly ProcessReading[]): void {
    const {lookedAt} = this.#options.follower;
    if (lookedAt === undefined || lookedAt === this.#coresOf) return;
    this.#coresOf = lookedAt;
    const span = this.#cpuAt === undefined ? undefined : lookedAt - this.#cpuAt;
    // After a look at newcomers only, the others' figures are those of before.
    if (span !== undefined && span < LOOK_EVERY_MS / 2) return;
    const cores = new Map<number, number>();
    const next = new Map<number, {startedMs: number; cpuMs: number}>();
    for (const {pid, cpuMs, startedAt} of processes) {
      if (cpuMs === undefined) continue;
      const startedMs = startedAt?.getTime() ?? 0;
      const before = this.#cpu.get(pid);
      const since = before?.startedMs === startedMs ? before.cpuMs : 0;
      // One that is seen for the first time may have used its time long ago.
      if (span !== undefined && (before?.startedMs === startedMs || this.#now - startedMs < span * 2))
        cores.set(pid, Math.max(0, cpuMs - since) / span);
      next.set(pid, {startedMs, cpuMs});
    }
    this.#cpu = next;
    this.#cpuAt = lookedAt;
    this.#cores = cores;
  }

  #judgeDevice(): void {
    const {clock} = this.#options;
    const seen = this.#reading?.at;
    const silentFor = seen === undefined ? undefined : clock.elapsed() - seen;
    const failed = this.#failure !== undefined;
    if (!this.#silent && (failed || (silentFor ?? 0) > SILENT_MS)) {
      this.#silent = true;
      this.#hastenXids(0);
      const code = this.#failure instanceof BerthError ? this.#failure.code : undefined;
      const text = failed ? describeError(this.#failure) : `The device has said nothing for ${SILENT_MS} ms.`;
      this.#tell(code === 'card_lost' ? 'gpu-lost' : 'device-silent', text, code ? {fault: code} : {});
    } else if (this.#silent && !failed && (silentFor ?? Infinity) < SILENT_MS) {
      this.#silent = false;
      this.#tell('device-back', 'The device answers again.', {});
    }
  }

  #checkClock(): void {
    const {clock} = this.#options;
    const now = {wall: this.#now, monotonic: clock.elapsed()};
    const before = this.#clocks;
    this.#clocks = now;
    if (!before) return;
    const movedMs = now.wall - before.wall - (now.monotonic - before.monotonic);
    if (Math.abs(movedMs) < MOVED_MS) return;
    const by = `${Math.round(Math.abs(movedMs) / 1000)} s`;
    this.#tell('clock-moved', `The clock was moved ${by} ${movedMs > 0 ? 'ahead' : 'back'}.`, {
      movedMs: Math.round(movedMs),
    });
  }

  /** The driver may have written down why something ended, or fell silent. */
  #hastenXids(leastMs: number): void {
    if (this.#xids) this.#xidsDue = Math.min(this.#xidsDue, this.#xidsAskedAt + leastMs);
  }

  /** What the driver wrote into the kernel's log since the last time; what was there at the start is old. */
  #askXids(): void {
    const {clock, follower, xidsEvery = XIDS_EVERY} = this.#options;
    if (this.#askingXids || clock.elapsed() < this.#xidsDue) return;
    this.#xidsAskedAt = clock.elapsed();
    this.#xidsDue = this.#xidsAskedAt + xidsEvery;
    this.#askingXids = true;
    const hear = (xids: readonly Xid[] | undefined): void => {
      if (!xids) {
        this.#xidsDue = clock.elapsed() + XIDS_RETRY;
        return;
      }
      const known = this.#xids;
      this.#xids = new Set(xids.map(({line}) => line));
      if (known) for (const xid of xids) if (!known.has(xid.line)) this.#tellXid(xid);
    };
    void follower
      .xids()
      .then(hear, (error: unknown) => this.#options.say(`kernel log: ${describeError(error)}`))
      .finally(() => {
        this.#askingXids = false;
      });
  }

  #tellXid({code, pid, process, remedy, line}: Xid): void {
    const {xid: meanings} = en.card;
    const meaning = isKnownXid(code) ? meanings[`x${code}`] : meanings.other;
    this.#tell('xid', `XID ${code}, ${meaning}: ${line}`, {
      code,
      remedy,
      ...(pid !== undefined && {pid}),
      ...(process !== undefined && {process}),
    });
  }

  #tell(kind: WatchEventKind, text: string, numbers: WatchEvent['numbers']): void {
    this.#events.push({atMs: this.#now, kind, text, numbers});
  }
}
