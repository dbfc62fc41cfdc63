import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, readdir, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {ms} from '../../../src/base/units.ts';
import {takeLock} from '../../../src/deploy/lock.ts';
import {localFiles} from '../../../src/hosts/local/files.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const never = new AbortController().signal;
const times = {beat: ms(50), ttl: ms(400)};

const take = (stateRoot: string) =>
  takeLock({stateRoot, files: localFiles}, 'default', systemClock, never, times);

/** A program of its own that takes the lock, says so, and keeps it until it is killed. */
async function otherOwner(stateRoot: string) {
  const module = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
  const code = `
    import {takeLock} from ${module('deploy/lock.ts')};
    import {localFiles} from ${module('hosts/local/files.ts')};
    import {systemClock} from ${module('base/clock.ts')};
    await takeLock({stateRoot: ${JSON.stringify(stateRoot)}, files: localFiles}, 'default', systemClock,
      new AbortController().signal, {beat: 50, ttl: 400});
    process.stdout.write('taken');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('the deploy lock', () => {
  it('is one at a time, and free again afterwards', async () => {
    await using folder = await temporaryFolder();
    {
      await using lock = await take(folder.path);
      expect(lock.owner).toContain(`@${hostname()}`);
      await expect(take(folder.path)).rejects.toMatchObject({code: 'deploy_in_progress'});
    }
    await using again = await take(folder.path);
    expect(again.lost.aborted).toBe(false);
  });

  it('sends no second beat while one waits, as over a lost connection', async () => {
    await using folder = await temporaryFolder();
    const cut = Promise.withResolvers<undefined>();
    let reads = 0;
    const files: typeof localFiles = {
      ...localFiles,
      read: async (path) => {
        reads++;
        await cut.promise;
        return localFiles.read(path);
      },
    };
    const lock = await takeLock({stateRoot: folder.path, files}, 'default', systemClock, never, times);
    await systemClock.sleep(ms(times.beat * 6));
    expect(reads).toBe(1);
    cut.resolve(undefined);
    await lock[Symbol.asyncDispose]();
    expect(reads).toBeLessThanOrEqual(3);
    expect(await readdir(join(folder.path, 'default'))).toEqual([]);
  });

  it('names a living owner in another program', async () => {
    await using folder = await temporaryFolder();
    const child = await otherOwner(folder.path);
    try {
      await expect(take(folder.path)).rejects.toThrow(`pid ${child.pid}`);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('is taken over at once from an owner that was killed', async () => {
    await using folder = await temporaryFolder();
    const child = await otherOwner(folder.path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using lock = await take(folder.path);
    expect(lock.lost.aborted).toBe(false);
    expect(await readdir(join(folder.path, 'default'))).toEqual(['lock']);
  });

  it('is taken over from an owner on another machine once its heartbeat stands still', async () => {
    await using folder = await temporaryFolder();
    const lock = join(folder.path, 'default', 'lock');
    await mkdir(lock, {recursive: true});
    const owner = {
      token: 'x',
      owner: 'a@b',
      machine: 'b/1',
      pid: 1,
      since: new Date().toISOString(),
      beat: 3,
    };
    await writeFile(join(lock, 'owner.json'), JSON.stringify(owner));
    await using taken = await take(folder.path);
    expect(taken.lost.aborted).toBe(false);
  });

  it('is taken over when its owner died before it could sign', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'default', 'lock'), {recursive: true});
    await using taken = await take(folder.path);
    expect(taken.lost.aborted).toBe(false);
  });

  it('tells its owner when it was lost', async () => {
    await using folder = await temporaryFolder();
    await using lock = await take(folder.path);
    const owner = {
      token: 'other',
      owner: 'a@b',
      machine: 'b/1',
      pid: 1,
      since: new Date().toISOString(),
      beat: 0,
    };
    await writeFile(join(folder.path, 'default', 'lock', 'owner.json'), JSON.stringify(owner));
    await once(lock.lost, 'abort');
    expect(lock.lost.reason).toMatchObject({code: 'deploy_in_progress'});
  });

  it('goes to exactly one of many that want it', async () => {
    await using folder = await temporaryFolder();
    const results = await Promise.allSettled(Array.from({length: 8}, () => take(folder.path)));
    const got = results.filter((result) => result.status === 'fulfilled');
    expect(got).toHaveLength(1);
    for (const {value} of got) await value[Symbol.asyncDispose]();
  });
});
