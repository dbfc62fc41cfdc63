import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import type {WatchEvent} from '../../../src/monitor/index.ts';
import {seconds} from '../../../src/base/units.ts';
import {until} from '../../contract/hosts/world.ts';
import {movableClock} from '../../fakes/clock/clock.ts';
import {CARD, cardDouble, startWatch, type RunningWatch} from '../../support/watch.ts';

const MIB = 1024 ** 2;
/** A machine that others keep busy is no failure of the watch. */
const PATIENCE = seconds(60);

const event = (watch: RunningWatch, kind: WatchEvent['kind']) =>
  until(kind, async () => (await watch.ask({ask: 'now'})).events.find((one) => one.kind === kind), PATIENCE);
const sample = (watch: RunningWatch) =>
  until(
    'a sample',
    async () => {
      const {sample: one} = await watch.ask({ask: 'now'});
      return one && one.tenantsSeenAtMs > 0 ? one : undefined;
    },
    PATIENCE,
  );

/** The card is the double of nvidia-smi: real formats, no card. */
describe.concurrent('the watch of a card', () => {
  it('adds up to what the card holds, and names a newcomer within five seconds', async () => {
    await using card = await cardDouble();
    await card.set('other_mib=500\n');
    await using watch = await startWatch({device: CARD, env: card.env});
    const before = await sample(watch);
    expect(before.device).toMatchObject({totalBytes: 24_564 * MIB, usedBytes: 500 * MIB, temperatureC: 38});
    const neighbour = spawn('sleep', ['1000'], {stdio: 'ignore'});
    try {
      await card.set(`other_mib=500\nprocess=${neighbour.pid},3000,/usr/bin/python3\n`);
      const changed = performance.now();
      const tenant = await until('the newcomer', async () =>
        (await watch.ask({ask: 'now'})).sample?.tenants.find(({pids}) => pids.includes(neighbour.pid ?? 0)),
      );
      expect(performance.now() - changed).toBeLessThan(5000);
      expect(tenant).toMatchObject({kind: 'outsider', name: 'sleep', usedBytes: 3000 * MIB});
      const {tenants, device} = (await watch.ask({ask: 'now'})).sample ?? before;
      expect(tenants.reduce((sum, {usedBytes}) => sum + usedBytes, 0)).toBe(device.usedBytes);
      expect(tenants.at(-1)).toMatchObject({kind: 'unattributed', usedBytes: 500 * MIB});
      expect((await event(watch, 'tenant-came')).tenant).toBe(tenant.key);
      expect(await watch.ask({ask: 'metrics'})).toContain(
        `berth_tenant_memory_used_bytes{uuid="${CARD}",tenant="${tenant.key}",kind="outsider",name="sleep"} ${3000 * MIB}`,
      );
    } finally {
      neighbour.kill('SIGKILL');
      await once(neighbour, 'exit');
    }
    await card.set('other_mib=500\n');
    await event(watch, 'tenant-left');
  });

  it('says that nvidia-smi hangs, answers meanwhile as ever, and says when it is back', async () => {
    await using card = await cardDouble();
    await using watch = await startWatch({device: CARD, env: card.env});
    await sample(watch);
    await card.set('fault=hang\n');
    const silent = await event(watch, 'device-silent');
    expect(silent.text).toMatch(/\d/);
    const asked = performance.now();
    const {health, sample: stale} = await watch.ask({ask: 'now'});
    expect(performance.now() - asked).toBeLessThan(2000);
    expect(health.lagMs).toBeLessThan(1000);
    expect((stale?.atMs ?? 0) - (stale?.device.seenAtMs ?? 0)).toBeGreaterThan(4000);
    await card.set('');
    await event(watch, 'device-back');
  });

  it('says that nvidia-smi has vanished, that the card is lost, and what the kernel wrote', async () => {
    await using card = await cardDouble();
    await card.kernel('[    1.0] NVRM: Xid (PCI:0000:01:00): 13, pid=1, an old one');
    await using watch = await startWatch({device: CARD, env: card.env});
    await sample(watch);
    await card.set('fault=lost\n');
    expect((await event(watch, 'gpu-lost')).numbers).toEqual({fault: 'card_lost'});
    await card.kernel(
      "[   99.0] NVRM: Xid (PCI:0000:01:00): 79, pid='<unknown>', GPU has fallen off the bus.",
    );
    expect((await event(watch, 'xid')).numbers).toMatchObject({code: 79, remedy: 'reboot'});
    await card.set('');
    await event(watch, 'device-back');
    await card.vanish();
    await card.set('fault=no-driver\n');
    await event(watch, 'device-silent');
    await card.appear();
    await card.set('');
    await until(
      'the second return',
      async () => {
        const back = await watch.ask({ask: 'events', sinceMs: 0, kinds: ['device-back']});
        return back.length === 2 ? true : undefined;
      },
      PATIENCE,
    );
    // What was in the log at the start is no news.
    expect(await watch.ask({ask: 'events', sinceMs: 0, kinds: ['xid']})).toHaveLength(1);
  });
});

describe.concurrent('the watch of a machine without a card', () => {
  it('takes a clock that is moved for what it is, and goes on', async () => {
    await using clock = await movableClock();
    await using watch = await startWatch({device: 'cpu', env: clock.env});
    const before = await sample(watch);
    await clock.set(-3_600_000);
    const moved = await event(watch, 'clock-moved');
    expect(Number(moved.numbers.movedMs) / -3_600_000).toBeCloseTo(1, 2);
    const after = await until('a sample of the new time', async () => {
      const {sample: one} = await watch.ask({ask: 'now'});
      return one && one.atMs < before.atMs ? one : undefined;
    });
    expect(after.device.seenAtMs).toBeGreaterThan(after.atMs - 2000);
    expect((await watch.ask({ask: 'now'})).health.lagMs).toBeLessThan(1000);
  });

  it('tells cores and bytes of a process, close to what the kernel says, and ends with its supervisor', async () => {
    await using watch = await startWatch({device: 'cpu'});
    const code = `globalThis.kept = Buffer.alloc(${300 * MIB}, 1); console.log(1); for (;;);`;
    const neighbour = spawn(process.execPath, ['-e', code], {stdio: ['ignore', 'pipe', 'inherit']});
    try {
      await once(neighbour.stdout, 'data');
      const pid = neighbour.pid ?? 0;
      const seen = await until('its use of the cores', async () => {
        const {tenants = []} = (await watch.ask({ask: 'now'})).sample ?? {};
        const one = tenants.find(({pids}) => pids.includes(pid));
        return (one?.cpuRatio ?? 0) > 0.05 ? one : undefined;
      });
      expect(seen.usedBytes).toBeGreaterThan(300 * MIB);
    } finally {
      neighbour.kill('SIGKILL');
      await once(neighbour, 'exit');
    }
    expect(await watch.leave()).toBe(0);
  });
});
