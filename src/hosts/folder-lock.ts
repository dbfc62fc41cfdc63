import {randomUUID} from 'node:crypto';
import {readlink} from 'node:fs/promises';
import {hostname} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {z} from 'zod';
import type {Clock} from '../base/clock.ts';
import {BerthError, systemCode} from '../base/errors.ts';
import {ms, seconds, type Duration} from '../base/units.ts';
import {whoIsThis} from '../base/user.ts';
import type {HostFiles} from './host.ts';

const ownerSchema = z.object({
  token: z.string(),
  /** `user@hostname`, for people. */
  owner: z.string(),
  /** Where `pid` means something: the host name and the pid namespace. */
  machine: z.string(),
  pid: z.int(),
  since: z.iso.datetime(),
  /** Grows with every heartbeat; compared for change only, so that no two clocks are ever compared. */
  beat: z.int(),
});
type Owner = z.infer<typeof ownerSchema>;

export interface LockTimes {
  /** Between two heartbeats. */
  beat: Duration;
  /** A lock whose heartbeat stands still for so long belongs to nobody. */
  ttl: Duration;
}
export const lockTimes: LockTimes = {beat: seconds(2), ttl: seconds(15)};

/** A held lock. Disposing gives it back; `lost` aborts when somebody else has taken it. */
export interface Lock extends AsyncDisposable {
  readonly owner: string;
  readonly lost: AbortSignal;
}

/**
 * A right that one client at a time has: a folder on the host, made in one step, so that two clients anywhere
 * cannot both have it. A client that dies leaves a folder whose heartbeat stands still: it is taken over
 * at once when its process is known to be gone, else after `ttl` of watching it stand still.
 * @throws BerthError `deploy_in_progress`, which names the owner, while a living one has it.
 */
export async function lockFolder(
  files: HostFiles,
  folder: string,
  clock: Clock,
  signal: AbortSignal,
  times: LockTimes,
): Promise<Lock> {
  const mine = await newOwner(clock);
  while (!(await files.claimFolder(folder))) {
    await removeIfAbandoned(files, folder, mine.machine, clock, signal, times);
  }
  await writeOwner(files, folder, mine);
  return keep(files, folder, mine, times);
}

async function newOwner(clock: Clock): Promise<Owner> {
  const namespace = process.platform === 'linux' ? await readlink('/proc/self/ns/pid') : '';
  return {
    token: randomUUID(),
    owner: whoIsThis(),
    machine: `${hostname()}/${namespace}`,
    pid: process.pid,
    since: clock.now().toISOString(),
    beat: 0,
  };
}

const ownerFile = (folder: string): string => join(folder, 'owner.json');

const writeOwner = (files: HostFiles, folder: string, owner: Owner): Promise<void> =>
  files.write(ownerFile(folder), `${JSON.stringify(owner)}\n`);

async function readOwner(files: HostFiles, folder: string): Promise<Owner | undefined> {
  const text = await files.read(ownerFile(folder));
  if (text === undefined) return undefined;
  const parsed = ownerSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Damaged by a crash of its machine: as good as no owner, and the watch below decides.
    return undefined;
  }
}

/** Returns when the lock is free to be claimed again; throws when its owner is alive. */
async function removeIfAbandoned(
  files: HostFiles,
  folder: string,
  machine: string,
  clock: Clock,
  signal: AbortSignal,
  times: LockTimes,
): Promise<void> {
  const seen = await readOwner(files, folder);
  if (!(seen && isGone(seen, machine))) {
    const moved = await changesWithin(files, folder, seen, clock, signal, times);
    if (moved === 'released') return;
    if (moved === 'alive') throw inProgress(await readOwner(files, folder));
  }
  const grave = `${folder}.abandoned-${randomUUID()}`;
  try {
    await files.move(folder, grave);
  } catch (error) {
    // Somebody else was faster; the next claim decides.
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const buried = await readOwner(files, grave);
  if (buried?.token === seen?.token) {
    await files.remove(grave);
  } else {
    // Between look and move a new owner had claimed it: give it back.
    await files.move(grave, folder);
  }
}

/** True only when the owner was a process of this machine that no longer exists. */
function isGone(owner: Owner, machine: string): boolean {
  if (owner.machine !== machine) return false;
  if (owner.pid === process.pid) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}

async function changesWithin(
  files: HostFiles,
  folder: string,
  seen: Owner | undefined,
  clock: Clock,
  signal: AbortSignal,
  times: LockTimes,
): Promise<'alive' | 'released' | 'still'> {
  const started = clock.elapsed();
  while (clock.elapsed() - started < times.ttl) {
    await clock.sleep(ms(Math.min(times.beat, 500)), signal);
    const now = await readOwner(files, folder);
    if (now && (now.token !== seen?.token || now.beat !== seen.beat)) return 'alive';
    if (!now && !(await files.list(dirname(folder))).includes(basename(folder))) return 'released';
  }
  return 'still';
}

function inProgress(owner: Owner | undefined): BerthError {
  const who = owner ? `${owner.owner} (pid ${owner.pid})` : '?';
  return new BerthError({
    code: 'deploy_in_progress',
    what: (t) => t.deploy.inProgress({owner: who, since: owner?.since ?? '?'}),
    try: ['berth status'],
    details: {owner: who, since: owner?.since},
  });
}

function keep(files: HostFiles, folder: string, mine: Owner, times: LockTimes): Lock {
  const lost = new AbortController();
  let beats = 0;
  let beating: Promise<void> | undefined;
  const beat = async (): Promise<void> => {
    try {
      const now = await readOwner(files, folder);
      if (now?.token !== mine.token) throw inProgress(now);
      await writeOwner(files, folder, {...mine, beat: ++beats});
    } catch (error) {
      clearInterval(timer);
      lost.abort(error);
    }
  };
  const timer = setInterval(() => {
    // One that waits for a lost connection is enough: each in a queue would wait as long again.
    beating ??= beat().finally(() => (beating = undefined));
  }, times.beat);
  timer.unref();
  return {
    owner: mine.owner,
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beating;
      if ((await readOwner(files, folder))?.token === mine.token) await files.remove(folder);
    },
  };
}
