import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {mkdir, mkdtemp, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeAll, beforeEach, expect, test} from 'vitest';
import {partialBytes} from '../../../src/models/hubs/partial.ts';
import {buildNano} from '../../../src/models/index.ts';
import {minutes} from '../../../src/base/units.ts';
import {movableClock} from '../../fakes/clock/clock.ts';
import {startFakeHub, type FakeHub} from '../../fakes/hub/hub.ts';

const program = fileURLToPath(new URL('fetching.ts', import.meta.url));

let content: Uint8Array;
let sha256: string;
let hub: FakeHub;
let folder: string;
const children = new Set<ChildProcess>();

beforeAll(() => {
  content = buildNano();
  sha256 = createHash('sha256').update(content).digest('hex');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-fetching-'));
  hub = await startFakeHub(content);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await hub.close();
  await rm(folder, {recursive: true, force: true});
});

interface Fetching {
  child: ChildProcess;
  /** Resolves when a line matches. */
  said: (line: RegExp) => Promise<string>;
}

function fetching(into = folder, more: NodeJS.ProcessEnv = {}): Fetching {
  const env = {...process.env, HF_ENDPOINT: hub.url, ...more};
  const child = spawn(process.execPath, [program, into, 'model.gguf'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines: string[] = [];
  let ended = false;
  createInterface({input: child.stdout})
    .on('line', (line) => lines.push(line))
    .on('close', () => (ended = true));
  const said = async (wanted: RegExp): Promise<string> => {
    const find = () => lines.find((line) => wanted.test(line));
    await until(() => ended || find() !== undefined);
    return find() ?? `ended after: ${lines.join(', ')}`;
  };
  return {child, said};
}

/** Resolves when the process has ended, also when it had before. */
async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const partial = () => join(folder, 'tested', 'model.gguf.partial');

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const sizeOf = async (path: string) => (await partialBytes(path)) ?? 0;

test('kill -9 in the middle: the next process goes on where it ended', async () => {
  hub.misbehave = {bytesPerSecond: 6_000_000};
  const first = fetching();
  await until(async () => (await sizeOf(partial())) > 3_000_000);
  first.child.kill('SIGKILL');
  await gone(first.child);
  const had = await sizeOf(partial());
  expect(had).toBeLessThan(content.length);
  expect(await readdir(join(folder, 'tested'))).not.toContain('model.gguf');
  hub.misbehave = {};
  hub.sentBytes = 0;
  expect(await fetching().said(/^(weights |failed)/)).toBe(`weights ${sha256}`);
  expect(hub.sentBytes).toBe(content.length - had);
  expect(await readdir(join(folder, 'tested'))).toEqual(['model.gguf']);
});

test('two processes at once: one fetches, the other waits, and the bytes cross the wire once', async () => {
  hub.misbehave = {bytesPerSecond: 8_000_000};
  const both = [fetching(), fetching()];
  const outcomes = await Promise.all(both.map(({said}) => said(/^(weights |failed)/)));
  expect(outcomes).toEqual([`weights ${sha256}`, `weights ${sha256}`]);
  expect(hub.sentBytes).toBe(content.length);
});

test.each([
  ['an hour slow', -1],
  ['an hour fast', 1],
])('a fetching process whose clock is %s still has its lock', async (_name, hoursOff) => {
  await using clock = await movableClock();
  await clock.set(minutes(hoursOff * 60));
  hub.misbehave = {bytesPerSecond: 2_000_000};
  const first = fetching(folder, clock.env);
  await until(async () => (await sizeOf(partial())) > 500_000);
  const second = fetching();
  expect(await second.said(/^weights /)).toBe(`weights ${sha256}`);
  expect(await first.said(/^weights /)).toBe(`weights ${sha256}`);
  expect(hub.sentBytes).toBe(content.length);
});

test('the waiting process takes over when the fetching one is killed', async () => {
  hub.misbehave = {bytesPerSecond: 6_000_000};
  const first = fetching();
  await until(async () => (await sizeOf(partial())) > 1_000_000);
  const second = fetching();
  await second.said(/^weights\/download running 0/);
  first.child.kill('SIGKILL');
  expect(await second.said(/^(weights |failed)/)).toBe(`weights ${sha256}`);
  expect(hub.sentBytes).toBeLessThan(content.length + 500_000);
});

/** A file system of its own that can be filled; undefined where this user may not mount one. */
function smallDisk(at: string, megabytes: number): Disposable | undefined {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', at], {stdio: 'ignore'});
  } catch {
    return undefined;
  }
  return {[Symbol.dispose]: () => execFileSync('/bin/umount', [at])};
}

test('no room for it: said before the first byte is fetched', async ({skip}) => {
  const at = join(folder, 'disk');
  await mkdir(at);
  using disk = smallDisk(at, 4);
  if (!disk) return skip('needs a user who may mount a tmpfs');
  expect(await fetching(at).said(/^(weights |failed)/)).toBe('failed disk_full');
  expect(hub.sentBytes).toBe(0);
});

test('the disk fills up while it is fetched: disk_full, and it goes on when there is room again', async ({
  skip,
}) => {
  const at = join(folder, 'disk');
  await mkdir(at);
  using disk = smallDisk(at, 80);
  if (!disk) return skip('needs a user who may mount a tmpfs');
  hub.misbehave = {bytesPerSecond: 4_000_000};
  const full = fetching(at);
  const part = join(at, 'tested', 'model.gguf.partial');
  await until(async () => (await sizeOf(part)) > 500_000);
  const filler = join(at, 'filler');
  await writeFile(filler, Buffer.alloc(100 * 2 ** 20)).catch(() => undefined);
  expect(await full.said(/^(weights |failed)/)).toBe('failed disk_full');
  await gone(full.child);
  expect(await readdir(join(at, 'tested'))).not.toContain('model.gguf');
  await rm(filler);
  hub.misbehave = {};
  const had = await sizeOf(part);
  hub.sentBytes = 0;
  expect(await fetching(at).said(/^(weights |failed)/)).toBe(`weights ${sha256}`);
  expect(hub.sentBytes).toBe(content.length - had);
});
