import {mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {cacheFolder, prefix, type Owner} from './names.ts';

const PATIENCE_MS = 600_000;

/** Holds the owner's hosts for this process alone; waits while another living process holds them. */
export async function holdRig(owner: Owner): Promise<AsyncDisposable> {
  await mkdir(cacheFolder(), {recursive: true});
  const file = join(cacheFolder(), `${prefix(owner)}.lock`);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const holder = await claim(file);
    if (holder === undefined) return {[Symbol.asyncDispose]: () => rm(file, {force: true})};
    if (!alive(holder)) await rm(file, {force: true});
    else if (Date.now() > deadline) throw new Error(`the rig is held by process ${holder} (${file})`);
    else await pause(200);
  }
}

/** Undefined when the lock is ours now, else its holder's PID. */
async function claim(file: string): Promise<number | undefined> {
  try {
    await writeFile(file, String(process.pid), {flag: 'wx'});
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return Number(await readFile(file, 'utf8').catch(() => '0'));
  }
}

/** Whether a process of that PID exists. */
export function alive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
