/**
 * One card, shared: the model, two leases and an outsider on a rig host, reached over SSH. The card is a double, the
 * rest is real. What a person sees is kept in docs/shared-card.md, written with BERTH_UPDATE_SHOWN=1.
 */
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {mib, seconds} from '../../../src/base/units.ts';
import {capacitySchema, type CapacityReport} from '../../../src/capacity/index.ts';
import {until} from '../../contract/hosts/world.ts';
import type {GpuState} from '../../rig/gpu-double.ts';
import {rigImages} from '../../rig/image.ts';
import {llamaBase} from '../../rig/llama-base.ts';
import {needsLlamaServer} from '../../rig/llama-server.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {openTranscript, type Transcript} from './transcript.ts';

const STEP_MS = 300_000;
const PAGE = join(import.meta.dirname, '../../../docs/shared-card.md');
/** What each holds of the card. */
const HELD = {engine_mib: 440, comfyui: 5200, whisper: 1500, notebook: 3100, nobody: 60};
const TOTAL_MIB = 24_564;
const WATCHED = seconds(60);

interface WatchedEvent {
  atMs: number;
  kind: string;
  tenant?: string;
  numbers: Record<string, number | string>;
}
interface Sum {
  terms: {bytes: number}[];
  roomBytes: number;
}

const skipped = await needsDocker();
const server = skipped ? undefined : await needsLlamaServer();

describe.skipIf(skipped || server === undefined)('a card (GPU double) that is shared on a rig host', () => {
  let rig: Rig;
  let berth: Berth;
  let image: string;
  let shown: Transcript;
  const there = ['--host', 'rig1'];

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    const [host] = rig.hosts;
    await card().plugIn(stateOf({}));
    await berthImage();
    image = await host.baseImage();
    const bases = {berth: (await rigImages()).base, 'llama-cpp': await llamaBase(server ?? '', {cuda: true})};
    berth = await openBerth();
    shown = openTranscript(berth, [
      [image, 'IMAGE'],
      [berth.home, '~'],
    ]);
    // It would be the port of every deployment.
    delete berth.env.BERTH_PORT;
    await writeFile(join(berth.home, 'berth.yaml'), JSON.stringify({images: {base: bases}}));
    const key = ['--identity', host.keyFile, '--host-key', await host.hostKeyFingerprint()];
    const added = await berth.run('host', 'add', 'rig1', `ssh://ops@${host.address}`, ...key);
    expect(added.code, added.stderr).toBe(0);
  }, RIG_START_MS);
  afterAll(async () => {
    if (process.env.BERTH_UPDATE_SHOWN === '1') await writeFile(PAGE, shown.page());
    await berth[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  it(
    'is used by the model, two leases and an outsider, and the report adds up to the byte',
    async () => {
      shown.tell('A model is deployed onto the card, and two neighbours are promised bytes of it.');
      const deploy = ['deploy', '--model', 'nano', '--engine', 'llama-cpp', '--context', '1024'];
      expect(await shown.run(0, ...deploy, ...there)).toContain('nano');
      await shown.run(0, 'lease', 'add', 'comfyui', ...there, '--vram', '6GiB', '--', ...holding('comfyui'));
      const whisper = ['--vram', '2GiB', '--note', 'speech, until Friday'];
      await shown.run(0, 'lease', 'add', 'whisper', ...there, ...whisper, '--', ...holding('whisper'));
      shown.tell('Somebody else starts a container on the same host, and asks nobody.');
      await host().must(['docker', ...holding('notebook').slice(1).toSpliced(1, 0, '--detach')]);

      const {memory, tenants} = await until('all of them on the card', async () => {
        const report = await capacity();
        return report.tenants.filter(({usedBytes}) => usedBytes > 0).length === 5 ? report : undefined;
      });
      const held = HELD.engine_mib + HELD.comfyui + HELD.whisper + HELD.notebook;
      expect(
        tenants.map(({kind, name, usedBytes, promisedBytes}) => [kind, name, usedBytes, promisedBytes]),
      ).toEqual([
        ['model', 'default', mib(HELD.engine_mib), undefined],
        ['lease', 'comfyui', mib(HELD.comfyui), mib(6144)],
        ['lease', 'whisper', mib(HELD.whisper), mib(2048)],
        ['outsider', 'notebook', mib(HELD.notebook), undefined],
        ['unattributed', 'unattributed', mib(HELD.nobody), undefined],
      ]);
      expect(memory).toEqual({
        totalBytes: mib(TOTAL_MIB),
        usedBytes: mib(held + HELD.nobody),
        freeBytes: mib(TOTAL_MIB - 434 - held - HELD.nobody),
        reservedBytes: mib(434),
        attributedBytes: mib(held),
        unattributedBytes: mib(HELD.nobody),
      });
      expect(tenants.reduce((sum, {usedBytes}) => sum + usedBytes, 0)).toBe(memory.usedBytes);
      expect(memory.attributedBytes / memory.usedBytes).toBeGreaterThanOrEqual(0.99);
      const told = await shown.run(0, 'capacity', ...there);
      for (const name of ['comfyui (lease 6.0 GiB T0)', 'notebook (@', 'unattributed'])
        expect(told).toContain(name);
      await shown.run(0, 'lease', 'ls', ...there);
    },
    STEP_MS,
  );

  it(
    'refuses what cannot be promised with its sum, and promises what it names instead',
    async () => {
      shown.tell('A third neighbour asks for more than can be promised.');
      const ask = ['lease', 'add', 'train', ...there, '--vram', '20GiB'];
      expect(await shown.run(5, ...ask)).toMatch(/- +944 MiB {2}lease comfyui, not used yet\n/);
      const {code, value} = await berth.json(...ask);
      const {error} = value as {
        error: {try: string[]; details: {promised: Sum; measured: Sum; largestBytes: number}};
      };
      expect([code, (error as {code?: string}).code]).toEqual([5, 'lease_does_not_fit']);
      const {promised, measured, largestBytes} = error.details;
      for (const {terms, roomBytes} of [promised, measured])
        expect(terms.reduce((sum, {bytes}) => sum + bytes, 0)).toBe(roomBytes);
      expect(Math.min(promised.roomBytes, measured.roomBytes) - largestBytes).toBeLessThan(mib(1));
      const [nearest = ''] = error.try;
      await shown.run(0, ...nearest.split(' ').slice(1));
      await shown.run(0, 'lease', 'rm', 'train', ...there);
    },
    STEP_MS,
  );

  it(
    'sees a broken lease, pauses its tenant by policy, and lets it go when the promise fits',
    async () => {
      shown.tell('The tenant of whisper takes 1,000 MiB more, which is more than was promised to it.');
      const before = Date.now();
      await card().set(stateOf({containers: [{name: 'whisper', mib: 1000}]}));
      const broken = await event('lease-broken', before);
      expect(broken).toMatchObject({
        tenant: 'lease:whisper',
        numbers: {usedBytes: mib(2500), promisedBytes: mib(2048)},
      });
      const acted = await event('guard-action', before);
      expect(acted).toMatchObject({tenant: 'lease:whisper', numbers: {action: 'pause', because: 'breach'}});
      // Two seconds to see it and one to act, on a machine that others keep busy too.
      expect(broken.atMs - before).toBeLessThan(5000);
      expect(acted.atMs - broken.atMs).toBeLessThan(1000);
      await until('it to be paused', async () =>
        (await stateIn('whisper')) === 'paused' ? true : undefined,
      );
      expect(await stateIn('comfyui')).toBe('running');
      expect(await stateIn('notebook')).toBe('running');
      expect(await shown.run(0, 'guard', 'log', ...there)).toContain(
        'it holds 2.4 GiB and its lease is for 2.0 GiB',
      );
      expect(await shown.run(0, 'guard', 'status', ...there)).toContain('holds more than its lease');

      shown.tell('A person promises it more. The guard lets it go on.');
      await shown.run(0, 'lease', 'resize', 'whisper', ...there, '--vram', '3GiB');
      await until('it to go on', async () => ((await stateIn('whisper')) === 'running' ? true : undefined));
      await event('guard-undone', before);
      await event('lease-kept', before);
      await shown.run(0, 'guard', 'log', ...there);
      expect(await ask('Hello!')).toContain('stand-in');
    },
    STEP_MS,
  );

  it(
    'tells that the card is lost, and the XID that the driver wrote, with their times',
    async () => {
      shown.tell('The card falls off the bus. The driver writes an XID into the log of the kernel.');
      const before = Date.now();
      await card().xid(79);
      await card().set(stateOf({fault: 'lost'}));
      const [lost, xid] = [await event('gpu-lost', before), await event('xid', before)];
      expect(lost.numbers).toEqual({fault: 'card_lost'});
      expect(xid.numbers).toMatchObject({code: 79, remedy: 'reboot'});
      for (const {atMs} of [lost, xid]) expect(atMs).toBeGreaterThanOrEqual(before);
      const live = await shown.run(0, 'monitor', '--once', ...there);
      expect(live).toContain('XID 79, the card has fallen off the bus');
      expect(await shown.run(0, 'capacity', ...there)).toContain('The card is lost.');
      expect(await shown.run(1, 'capacity', ...there, '--card', '0')).toContain('The card is lost.');
      const past = await shown.run(0, 'capacity', ...there, '--since', '10min');
      expect(past).toMatch(/\d\d:\d\d.*XID 79/);
      const {value} = await berth.json('capacity', ...there);
      // The model is where it was put: nothing of the machine's RAM is kept for it.
      expect(capacitySchema.parse(value)).toMatchObject({
        device: {kind: 'cpu', faults: [{name: 'lost'}]},
        model: {device: 'gpu'},
        fits: {modelGrowthBytes: 0},
      });

      shown.tell('The machine was restarted: the card is back.');
      await card().set(stateOf({}));
      await event('device-back', before);
      expect((await capacity()).device).toMatchObject({kind: 'gpu'});
      await shown.run(0, 'monitor', '--once', ...there);
    },
    STEP_MS,
  );

  const host = () => rig.hosts[0];
  const card = () => host().gpu;
  const stateOf = (more: GpuState): GpuState => ({
    engine_mib: HELD.engine_mib,
    other_mib: HELD.nobody,
    utilization: 34,
    temperature: 61,
    power_w: 212.4,
    ...more,
  });
  /** A container that holds memory of the card as long as it runs. */
  const holding = (name: 'comfyui' | 'whisper' | 'notebook'): string[] => [
    ...['docker', 'run', '--name', name, '--gpus', 'all', '--env', `GPU_DOUBLE_MIB=${HELD[name]}`],
    ...[image, 'sleep', 'infinity'],
  ];
  const stateIn = (name: string): Promise<string> =>
    host().must(['docker', 'inspect', '--format', '{{.State.Status}}', name]);
  const capacity = async (): Promise<CapacityReport> => {
    const {code, value, stderr} = await berth.json('capacity', ...there);
    expect(code, JSON.stringify(value) + stderr).toBe(0);
    return capacitySchema.parse(value);
  };
  const ask = async (text: string): Promise<string> =>
    (await berth.run('chat', '--once', text, ...there)).stdout;
  /** The first event of a kind after a time, as the watch tells it. */
  const event = (kind: string, afterMs: number): Promise<WatchedEvent> =>
    until(
      kind,
      async () => {
        const {value} = await berth.json('monitor', '--once', ...there);
        const events = (value.events ?? []) as WatchedEvent[];
        return events.findLast((one) => one.kind === kind && one.atMs >= afterMs);
      },
      WATCHED,
    );
});
