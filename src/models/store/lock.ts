/** Lets one process at a time download a file; the others wait, and take over when it dies. */
import {randomUUID} from 'node:crypto';
import {readFile, rm, stat, utimes, writeFile} from 'node:fs/promises';
import type {Clock} from '../../base/clock.ts';
import {systemCode} from '../../base/errors.ts';
import {seconds, type Duration} from '../../base/units.ts';

const HEARTBEAT = seconds(2);
/** A lock seen untouched for so long has no living owner, whatever its process number says. */
const TTL = seconds(15);

/**
 * Waits until the lock is ours. Two takers of the same dead lock may both believe to have it; that costs a
 * second download but corrupts nothing, since both write the same content and it is hashed before use.
 */
export async function takeFileLock(
  path: string,
  clock: Clock,
  signal: AbortSignal,
  onWait: (pid: number) => void,
): Promise<AsyncDisposable> {
  const mine = `${process.pid} ${randomUUID()}`;
  let seen: {beat: string; since: Duration} | undefined;
  for (let told = false; ;) {
    signal.throwIfAborted();
    if (await create(path, mine)) break;
    const owner = await ownerOf(path);
    if (owner === undefined) continue;
    // Watched for change only: comparing its time with the clock would be wrong whenever somebody sets the clock.
    if (owner.beat !== seen?.beat) seen = {beat: owner.beat, since: clock.elapsed()};
    if (!owner.running || clock.elapsed() - seen.since >= TTL) {
      await rm(path, {force: true});
      continue;
    }
    if (!told) onWait(owner.pid);
    told = true;
    await clock.sleep(seconds(0.2), signal);
  }
  const beat = setInterval(() => {
    const now = new Date();
    // Gone or not ours to touch: then somebody took over, which is harmless.
    utimes(path, now, now).catch(() => clearInterval(beat));
  }, HEARTBEAT);
  beat.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(beat);
      const text = await readFile(path, 'utf8').catch(() => undefined);
      if (text === mine) await rm(path, {force: true});
    },
  };
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, {flag: 'wx'});
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when the lock was given back in the meantime. */
async function ownerOf(path: string): Promise<{pid: number; running: boolean; beat: string} | undefined> {
  try {
    const [text, {mtimeMs}] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const pid = Number.parseInt(text, 10);
    // An empty lock is one that is just being written.
    return {pid, running: Number.isNaN(pid) || isRunning(pid), beat: `${text} ${mtimeMs}`};
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
