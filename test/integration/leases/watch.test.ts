import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {mib} from '../../../src/base/units.ts';
import {leaseRegistry} from '../../../src/capacity/index.ts';
import {startsOf} from '../../../src/hosts/index.ts';
import {localFiles} from '../../../src/hosts/local/files.ts';
import {runHere} from '../../../src/hosts/local/run.ts';
import type {Answers, WatchEvent} from '../../../src/monitor/index.ts';
import {watchSpec} from '../../../src/watch/index.ts';
import {until} from '../../contract/hosts/world.ts';
import {temporaryFolder} from '../../support/temporary.ts';

/** Holds as many MiB as it was told last, a number a line. */
const TENANT = `
  let kept;
  process.stdin.on('data', (text) => {
    kept = undefined;
    gc();
    kept = Buffer.alloc(Number(text) * 2 ** 20, 1);
    console.log(Date.now());
  });`;

async function hold(tenant: ChildProcess, size: number): Promise<number> {
  tenant.stdin?.write(`${size}\n`);
  const [said] = (await once(tenant.stdout ?? tenant, 'data')) as [Buffer];
  return Number(said.toString());
}

describe.skipIf(process.platform !== 'linux')('the watch and a lease that is only advice', () => {
  it('says within two seconds that it is broken, once, and that it is kept again', async () => {
    await using root = await temporaryFolder();
    const {argv, env} = watchSpec({
      deployment: 'default',
      stateRoot: root.path,
      stateFolder: join(root.path, 'default'),
      device: 'cpu',
    });
    const [program, ...args] = argv;
    const watch = spawn(program, args, {
      env: {...process.env, ...env},
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const tenant = spawn(process.execPath, ['--expose-gc', '-e', TENANT], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let asked = 0;
    const ask = async <T>(question: object): Promise<T> => {
      const id = ++asked;
      const {promise, resolve, reject} = Promise.withResolvers<T>();
      const hear = (said: {answer?: number; value?: T; error?: string}): void => {
        if (said.answer !== id) return;
        watch.off('message', hear);
        if (said.error === undefined) resolve(said.value as T);
        else reject(new Error(said.error));
      };
      watch.on('message', hear);
      watch.send({ask: id, question});
      return await promise;
    };
    const told = async (kind: WatchEvent['kind']): Promise<WatchEvent[]> =>
      (await ask<WatchEvent[]>({ask: 'events', sinceMs: 0})).filter((event) => event.kind === kind);
    try {
      await hold(tenant, 20);
      const pid = tenant.pid ?? 0;
      const started = (await startsOf({kind: 'local', run: runHere}, [pid])).get(pid) ?? '';
      await leaseRegistry({stateRoot: root.path, files: localFiles}).save({
        ...{schema: 'berth.lease/1', name: 'notebook', device: 'cpu', bytes: mib(200), owner: 'ann@laptop'},
        ...{createdAt: new Date().toISOString(), tier: 'T0'},
        subject: {kind: 'process', pid, started, argv: ['node']},
      });
      await until('the lease as a tenant', async () => {
        const {sample} = await ask<Answers['now']>({ask: 'now'});
        const row = sample?.tenants.find(({key}) => key === 'lease:notebook');
        return row?.pids.includes(pid) ? row : undefined;
      });
      expect(await told('lease-broken')).toEqual([]);

      const grownAt = await hold(tenant, 300);
      const [event] = await until('the broken lease', async () => {
        const events = await told('lease-broken');
        return events.length > 0 ? events : undefined;
      });
      expect(event).toMatchObject({tenant: 'lease:notebook', numbers: {promisedBytes: mib(200), tier: 'T0'}});
      expect(event?.numbers.usedBytes).toBeGreaterThan(mib(300));
      expect((event?.atMs ?? Infinity) - grownAt).toBeLessThan(2000);

      await hold(tenant, 20);
      const [kept] = await until('the kept lease', async () => {
        const events = await told('lease-kept');
        return events.length > 0 ? events : undefined;
      });
      expect(kept).toMatchObject({tenant: 'lease:notebook', numbers: {sinceMs: event?.atMs}});
      expect(await told('lease-broken')).toHaveLength(1);
    } finally {
      tenant.kill('SIGKILL');
      watch.disconnect();
      await once(watch, 'exit');
    }
  });
});
