import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, readFile, rmdir, writeFile} from 'node:fs/promises';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {ms, seconds} from '../../../src/base/units.ts';
import {localRun} from '../../../src/card/index.ts';

const NODE = process.execPath;
const sleeper = (text: string): [string, ...string[]] => ['sh', '-c', text];

describe('running a program on this machine', () => {
  it('gives what it said, and its exit code', async () => {
    const ran = await localRun()(sleeper('echo out; echo err >&2; exit 3'), {deadline: seconds(10)});
    expect(ran).toEqual({state: 'ended', code: 3, stdout: 'out\n', stderr: 'err\n'});
  });

  it('says that a program is missing', async () => {
    expect(await localRun()(['berth-no-such-program'], {deadline: seconds(10)})).toEqual({state: 'missing'});
  });

  it('keeps its deadline against a program that ignores signals, and leaves none behind', async () => {
    const delay = monitorEventLoopDelay({resolution: 5});
    delay.enable();
    const started = performance.now();
    const mark = `berth-run-${process.pid}`;
    const ran = await localRun()(['sh', '-c', `trap '' TERM INT; while :; do sleep 0.05; done # ${mark}`], {
      deadline: ms(300),
    });
    delay.disable();
    expect(ran).toEqual({state: 'late'});
    expect(performance.now() - started).toBeLessThan(3000);
    // The program waits; this one does not.
    expect(delay.max / 1e6).toBeLessThan(250);
    await vi.waitFor(async () => expect(await running(mark)).toBe(0), {timeout: 5000, interval: 50});
  });

  it('keeps its deadline when a grandchild holds the output open', async () => {
    const started = performance.now();
    const ran = await localRun()(sleeper('sleep 8 & exit 0'), {deadline: ms(300)});
    expect(ran).toEqual({state: 'late'});
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('cuts a flood, and ends the program', async () => {
    const ran = await localRun()(['yes', 'x'.repeat(1000)], {deadline: seconds(30)});
    expect(ran.state).toBe('ended');
    expect(ran.state === 'ended' && ran.code).toBeNull();
    expect(ran.state === 'ended' && ran.stdout.length).toBe(1024 * 1024);
  });

  it('stops at once when it is aborted', async () => {
    const abort = new AbortController();
    const running = localRun()(sleeper('sleep 60'), {deadline: seconds(60), signal: abort.signal});
    abort.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  it('does not keep its own program alive', async () => {
    const index = new URL('../../../src/card/index.ts', import.meta.url).href;
    const program = `const {localRun} = await import(${JSON.stringify(index)});
      console.log((await localRun()(['sh', '-c', 'sleep 30 & exit 0'], {deadline: 200})).state);`;
    const child = spawn(NODE, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const started = performance.now();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

/** Programs whose command line holds the mark. */
async function running(mark: string): Promise<number> {
  const ran = await localRun()(['pgrep', '-f', mark], {deadline: seconds(10)});
  return ran.state === 'ended' ? ran.stdout.split('\n').filter((line) => line !== '').length : -1;
}

const FREEZER = '/sys/fs/cgroup/freezer';
const GROUP = `${FREEZER}/berth-test-${process.pid}`;

async function canFreeze(): Promise<boolean> {
  try {
    await mkdir(GROUP);
    await rmdir(GROUP);
    return true;
  } catch {
    return false;
  }
}

// Only cgroup v1 makes programs that cannot be killed; no machine can be asked to have it.
const frozen = await canFreeze();
if (!frozen) console.log('skipped: a freezer cgroup of version 1, and root');

/**
 * A frozen program is as deaf as one that sleeps in a wedged driver: not even SIGKILL reaches it (cgroup v1, root).
 */
describe.skipIf(!frozen)('a program that cannot be killed', () => {
  afterEach(async () => {
    await writeFile(`${GROUP}/freezer.state`, 'THAWED');
    await vi.waitFor(async () => expect(await readFile(`${GROUP}/tasks`, 'utf8')).toBe(''));
    await rmdir(GROUP);
  });

  it('is left behind; when there are too many, none is added, and when they end, all is well again', async () => {
    await mkdir(GROUP);
    const run = localRun();
    const freezing = `echo $$ > ${GROUP}/tasks; echo FROZEN > ${GROUP}/freezer.state; exec sleep 60`;
    for (let turn = 0; turn < 4; turn++) {
      await writeFile(`${GROUP}/freezer.state`, turn === 0 ? 'THAWED' : 'FROZEN');
      // From the second on, entering the frozen group freezes it.
      expect(await run(sleeper(freezing), {deadline: ms(200)})).toEqual({state: 'late'});
    }
    const left = (await readFile(`${GROUP}/tasks`, 'utf8')).trim().split('\n');
    expect(left).toHaveLength(4);
    const started = performance.now();
    expect(await run(['true'], {deadline: seconds(30)})).toEqual({state: 'late'});
    expect(performance.now() - started).toBeLessThan(1000);

    await writeFile(`${GROUP}/freezer.state`, 'THAWED');
    await vi.waitFor(
      async () =>
        expect(await run(['true'], {deadline: seconds(5)})).toMatchObject({state: 'ended', code: 0}),
      {timeout: 10_000, interval: 50},
    );
  });
});
